// Where nodes and edges are, by the layered algorithm of ELK in a worker.
//
// ELK knows no lanes that run along the flow. So it lays out the whole graph
// with the nodes of each layer in the order of their lanes, and each lane then
// moves to a band of its own (see blocks.ts). Edges
// inside a lane move along; those between lanes get a plain curve. A long graph
// is laid out in chunks (chunks.ts), one beside the other.

import ELK from "elkjs/lib/elk-api.js";
import type { ElkExtendedEdge, ElkNode, ElkPoint } from "elkjs/lib/elk-api";
import type { Trace } from "./data";
import { blocksOf, move } from "./blocks";
import { chunksOf } from "./chunks";
import type { Graph, GraphEdge, GraphNode } from "./graph";
import { unpack } from "./unpack";

export const HEAD_HEIGHT = 50;
export const PORT_HEIGHT = 22;
const LANE_TOP = 46;
const LANE_BOTTOM = 20;
const LANE_SIDE = 20;
const LANE_GAP = 14;
const BETWEEN_LAYERS = 40;

export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface Layout {
  nodes: Map<GraphNode, Box>;
  edges: Map<GraphEdge, ElkPoint[]>; // the points of its line
  lanes: Map<number, Box>;
  width: number;
  height: number;
}

const NARROWEST = 116;
const WIDEST = 212;

/** As wide as its longest line is likely to be, whatever the font. */
export function widthOf(node: GraphNode, trace: Trace): number {
  const flagged = (flag: "error" | "unlinked") =>
    node.spans.some((span) => trace.spans[span]![flag]) ? 22 : 0;
  const badges = flagged("error") + flagged("unlinked");
  const name = node.label.length * 7.6 + 30 + badges;
  const ports = node.calls.map((call) => trace.calls[call]!.tool.length * 6.6 + 40);
  const detail = node.ran ? (node.ran.length + 10) * 6.4 + 28 + badges : 0;
  const pointed = node.kind === "guardrail" || node.kind === "handoff" ? 16 : 0;
  if (node.group) return Math.min(WIDEST, Math.max(148, name + 12));
  const widest = Math.max(NARROWEST, name + pointed, detail, ...ports);
  return Math.min(WIDEST, 4 * Math.ceil(widest / 4));
}

export function heightOf(node: GraphNode): number {
  const ports = node.calls.length;
  return HEAD_HEIGHT + (ports > 0 ? ports * PORT_HEIGHT + 8 : 0);
}

/** Where lines come in: in the middle of the ports, so that they run straight. */
function entryY(node: GraphNode): number {
  const ports = node.calls.length;
  return ports === 0 ? HEAD_HEIGHT / 2 : portY((ports - 1) / 2);
}

/** Where the port of the n-th call is below the top of its node. */
export function portY(nth: number): number {
  return HEAD_HEIGHT + nth * PORT_HEIGHT + PORT_HEIGHT / 2;
}

let engine: Promise<InstanceType<typeof ELK>> | undefined;

function startEngine(): Promise<InstanceType<typeof ELK>> {
  const packed = document.getElementById("spanlink-elk")?.textContent ?? "";
  return unpack(packed.trim()).then(
    (url) => new ELK({ workerFactory: () => new Worker(url) }),
  );
}

export async function layOut(
  trace: Trace,
  graph: Graph,
  onProgress: (share: number) => void = () => {},
): Promise<Layout> {
  engine ??= startEngine();
  const elk = await engine;
  const nodes = new Map<GraphNode, Box>();
  const edges = new Map<GraphEdge, ElkPoint[]>();
  let left = LANE_SIDE;
  for (const chunk of chunksOf(graph)) {
    const drawn = edgesWithin(graph, chunk);
    const done = await elk.layout(toElk(trace, graph, chunk, drawn));
    take(done, chunk, drawn, left, { nodes, edges });
    left += (done.width ?? 0) + BETWEEN_LAYERS;
    onProgress(nodes.size / graph.nodes.length);
  }
  return inLanes(graph, nodes, edges, left - BETWEEN_LAYERS + LANE_SIDE);
}

function edgesWithin(graph: Graph, chunk: GraphNode[]): GraphEdge[] {
  const members = new Set(chunk);
  return graph.edges.filter((e) => members.has(e.from) && members.has(e.to));
}

function toElk(
  trace: Trace,
  graph: Graph,
  chunk: GraphNode[],
  drawn: GraphEdge[],
): ElkNode {
  const members = new Set(chunk);
  const order = graph.order.filter((e) => members.has(e.from) && members.has(e.to));
  return {
    id: "root",
    layoutOptions: {
      "elk.algorithm": "layered",
      "elk.direction": "RIGHT",
      "elk.edgeRouting": "ORTHOGONAL",
      "elk.padding": "[top=0,left=0,bottom=0,right=0]",
      "elk.separateConnectedComponents": "false",
      "elk.spacing.nodeNode": "22",
      "elk.spacing.edgeNode": "14",
      "elk.spacing.edgeEdge": "10",
      "elk.layered.spacing.nodeNodeBetweenLayers": String(BETWEEN_LAYERS),
      "elk.layered.spacing.edgeNodeBetweenLayers": "16",
      "elk.layered.spacing.edgeEdgeBetweenLayers": "8",
      "elk.layered.cycleBreaking.strategy": "GREEDY_MODEL_ORDER",
      "elk.layered.considerModelOrder.strategy": "NODES_AND_EDGES",
      "elk.layered.crossingMinimization.forceNodeModelOrder": "true",
      "elk.layered.nodePlacement.strategy": "NETWORK_SIMPLEX",
    },
    children: chunk.map((node) => elkNode(node, widthOf(node, trace))),
    edges: [
      ...drawn.map((edge, index) => ({
        id: `e${index}`,
        sources: [`${edge.from.key}:${edge.call ?? "out"}`],
        targets: [`${edge.to.key}:in`],
        layoutOptions: { "elk.layered.priority.direction": "1" },
      })),
      ...order.map((edge, index) => ({
        id: `o${index}`,
        sources: [`${edge.from.key}:out`],
        targets: [`${edge.to.key}:in`],
      })),
    ],
  };
}

function elkNode(node: GraphNode, width: number): ElkNode {
  const side = (id: string, where: string, y: number) => ({
    id: `${node.key}:${id}`,
    x: where === "WEST" ? 0 : width,
    y,
    width: 0,
    height: 0,
    layoutOptions: { "elk.port.side": where },
  });
  return {
    id: node.key,
    width,
    height: heightOf(node),
    layoutOptions: { "elk.portConstraints": "FIXED_POS" },
    ports: [
      side("in", "WEST", entryY(node)),
      side("out", "EAST", HEAD_HEIGHT / 2),
      ...node.calls.map((call, nth) => side(String(call), "EAST", portY(nth))),
    ],
  };
}

function pointsOf(edge: ElkExtendedEdge | undefined): ElkPoint[] {
  const section = edge?.sections?.[0];
  if (!section) return [];
  return [section.startPoint, ...(section.bendPoints ?? []), section.endPoint];
}

type Placed = Pick<Layout, "nodes" | "edges">;

/** Notes where ELK put a chunk. Edges between lanes are for later. */
function take(
  done: ElkNode,
  chunk: GraphNode[],
  drawn: GraphEdge[],
  left: number,
  { nodes, edges }: Placed,
): void {
  chunk.forEach((node, nth) => {
    const { x = 0, y = 0, width = 0, height = 0 } = done.children![nth]!;
    nodes.set(node, { x: x + left, y, width, height });
  });
  drawn.forEach((edge, nth) => {
    if (edge.from.lane !== edge.to.lane) return;
    const points = pointsOf(done.edges![nth]);
    edges.set(
      edge,
      points.map(({ x, y }) => ({ x: x + left, y })),
    );
  });
}

function inLanes(
  graph: Graph,
  nodes: Map<GraphNode, Box>,
  edges: Map<GraphEdge, ElkPoint[]>,
  width: number,
): Layout {
  const lanes = new Map<number, Box>();
  let top = 0;
  for (const { index } of graph.lanes) {
    const blocks = blocksOf(index, nodes, edges);
    const inner = Math.max(...blocks.map((block) => block.bottom - block.top));
    for (const block of blocks) {
      const slack = (inner - (block.bottom - block.top)) / 2;
      move(block, top + LANE_TOP + slack - block.top, nodes, edges);
    }
    const height = inner + LANE_TOP + LANE_BOTTOM;
    lanes.set(index, { x: 0, y: top, width, height });
    top += height + LANE_GAP;
  }
  for (const edge of graph.edges) {
    if (!edges.has(edge)) edges.set(edge, between(edge, nodes));
  }
  return { nodes, edges, lanes, width, height: top - LANE_GAP };
}

function between(edge: GraphEdge, nodes: Map<GraphNode, Box>): ElkPoint[] {
  const from = nodes.get(edge.from)!;
  const to = nodes.get(edge.to)!;
  const nth = edge.call === null ? -1 : edge.from.calls.indexOf(edge.call);
  return [
    {
      x: from.x + from.width,
      y: from.y + (nth < 0 ? HEAD_HEIGHT / 2 : portY(nth)),
    },
    { x: to.x, y: to.y + entryY(edge.to) },
  ];
}
