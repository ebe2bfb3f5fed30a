// What is drawn of a trace: nodes in lanes, and edges between them. A lane
// that is expanded has one node a span; a collapsed one has one node for all
// spans of the same kind and name.

import { isDrawn, isExact } from "./data";
import type { Kind, Trace } from "./data";
import { nameOf } from "./words";

export interface Lane {
  index: number;
  name: string | null; // null: no agent known
  expanded: boolean;
  spans: number[];
}

export interface GraphNode {
  key: string;
  lane: number;
  kind: Kind;
  label: string;
  spans: number[];
  group: boolean;
  calls: number[]; // one port each
  ran: string | null; // the id of the call that it ran
}

export interface GraphEdge {
  key: string;
  from: GraphNode;
  to: GraphNode;
  call: number | null; // the port that it leaves
  links: number[];
  exact: boolean;
  kind: string;
  bothWays: boolean; // of a group: calls there, results back
}

/** Keeps a node that nothing leads to behind what ran before it; not drawn. */
export interface OrderEdge {
  from: GraphNode;
  to: GraphNode;
}

export interface Graph {
  lanes: Lane[];
  nodes: GraphNode[];
  edges: GraphEdge[];
  order: OrderEdge[];
  nodeOf: (GraphNode | undefined)[]; // by span
}

/** The lanes of a trace, all of them expanded or all collapsed. */
export function lanesOf(trace: Trace, expanded: boolean): Lane[] {
  const lanes: Lane[] = trace.agents.map((name, index) => ({
    index,
    name: name === "" ? null : name,
    expanded,
    spans: [],
  }));
  let unknown = lanes.find((lane) => lane.name === null);
  trace.spans.forEach((span, index) => {
    if (!isDrawn(span)) return;
    let lane = span.agent === null ? unknown : lanes[span.agent];
    if (!lane) {
      lane = { index: lanes.length, name: null, expanded, spans: [] };
      unknown = lane;
      lanes.push(lane);
    }
    lane.spans.push(index);
  });
  const shown = lanes.filter((lane) => lane.spans.length > 0);
  const place = placesOf(trace);
  for (const lane of shown) {
    lane.spans.sort((a, b) => place[a]![0] - place[b]![0] || place[a]![1] - place[b]![1]);
  }
  return shown;
}

// Spans in order of start, but what one answer called in the order of its
// calls, so that lines from port to tool do not cross.
function placesOf(trace: Trace): [number, number][] {
  const places: [number, number][] = trace.spans.map((_, index) => [index, -1]);
  for (const link of trace.links) {
    if (link.call !== null) places[link.to] = [link.from, link.call];
  }
  return places;
}

export function buildGraph(trace: Trace, lanes: Lane[]): Graph {
  const nodes: GraphNode[] = [];
  const nodeOf: (GraphNode | undefined)[] = [];
  for (const lane of lanes) {
    const made = lane.expanded ? single(trace, lane) : grouped(trace, lane);
    for (const node of made) {
      nodes.push(node);
      for (const span of node.spans) nodeOf[span] = node;
    }
  }
  trace.calls.forEach((call, index) => {
    const node = nodeOf[call.llm];
    if (node && !node.group) node.calls.push(index);
  });
  for (const link of trace.links) {
    const node = nodeOf[link.to];
    if (node && !node.group && link.call !== null) node.ran = link.id;
  }
  const edges = edgesOf(trace, nodeOf);
  return { lanes, nodes, edges, order: orderOf(trace, nodes, edges), nodeOf };
}

function single(trace: Trace, lane: Lane): GraphNode[] {
  return lane.spans.map((index) => {
    const { kind } = trace.spans[index]!;
    const label = nameOf(trace.spans[index]!);
    const key = `s${index}`;
    const spans = [index];
    return { key, lane: lane.index, kind, label, spans, group: false, calls: [], ran: null };
  });
}

// Beyond this many names, the others of a kind share one node.
const NAMES = 12;

function grouped(trace: Trace, lane: Lane): GraphNode[] {
  const groups = new Map<string, GraphNode>();
  const names = new Map<Kind, number>();
  for (const index of lane.spans) {
    const { kind } = trace.spans[index]!;
    const label = nameOf(trace.spans[index]!);
    const named = `${kind} ${label}`;
    const full = !groups.has(named) && (names.get(kind) ?? 0) >= NAMES;
    const name = full ? kind : named;
    const group = groups.get(name);
    if (group) {
      group.spans.push(index);
      continue;
    }
    if (!full) names.set(kind, (names.get(kind) ?? 0) + 1);
    groups.set(name, {
      key: `g${lane.index}.${groups.size}`,
      lane: lane.index,
      kind,
      label: full ? "others" : label,
      spans: [index],
      group: true,
      calls: [],
      ran: null,
    });
  }
  return [...groups.values()];
}

function edgesOf(
  trace: Trace,
  nodeOf: (GraphNode | undefined)[],
): GraphEdge[] {
  const edges = new Map<string, GraphEdge>();
  trace.links.forEach((link, index) => {
    const from = nodeOf[link.from];
    const to = nodeOf[link.to];
    if (!from || !to || from === to) return;
    const alone = !from.group && !to.group;
    const key = alone ? `l${index}` : `${from.key} > ${to.key}`;
    const back = edges.get(`${to.key} > ${from.key}`);
    const edge = edges.get(key) ?? back;
    const exact = isExact(link);
    if (edge) {
      edge.links.push(index);
      edge.exact &&= exact;
      edge.bothWays ||= edge === back;
      return;
    }
    const call = from.calls.includes(link.call ?? -1) ? link.call : null;
    const { kind } = link;
    const links = [index];
    edges.set(key, { key, from, to, call, links, exact, kind, bothWays: false });
  });
  return [...edges.values()];
}

function orderOf(
  trace: Trace,
  nodes: GraphNode[],
  edges: GraphEdge[],
): OrderEdge[] {
  const led = new Set(edges.map((edge) => edge.to));
  const byLane = new Map<number, GraphNode[]>();
  const order: OrderEdge[] = [];
  for (const node of nodes) {
    if (node.group) continue;
    const before = byLane.get(node.lane) ?? [];
    byLane.set(node.lane, before);
    if (!led.has(node)) {
      const from = [...before]
        .reverse()
        .find((other) => endsBefore(trace, other, node));
      if (from) order.push({ from, to: node });
    }
    before.push(node);
  }
  return order;
}

function endsBefore(trace: Trace, one: GraphNode, other: GraphNode): boolean {
  const { end } = trace.spans[one.spans[0]!]!;
  const { start } = trace.spans[other.spans[0]!]!;
  return end === null || start === null || end <= start;
}
