// A lane in blocks: parts beside one another that can move up and down without
// meeting. What is over or under something else is in the same block.

import type { GraphEdge, GraphNode } from "./graph";

interface Point {
  x: number;
  y: number;
}

interface Box extends Point {
  width: number;
  height: number;
}

type Nodes = Map<GraphNode, Box>;
type Edges = Map<GraphEdge, Point[]>;

export interface Block {
  left: number;
  right: number;
  top: number;
  bottom: number;
  nodes: GraphNode[];
  edges: GraphEdge[];
}

function blockOf(points: Point[], nodes: GraphNode[], edges: GraphEdge[]): Block {
  const block = { left: Infinity, right: -Infinity, top: Infinity, bottom: -Infinity };
  for (const { x, y } of points) {
    block.left = Math.min(block.left, x);
    block.right = Math.max(block.right, x);
    block.top = Math.min(block.top, y);
    block.bottom = Math.max(block.bottom, y);
  }
  return { ...block, nodes, edges };
}

/** The blocks of a lane, from left to right. */
export function blocksOf(lane: number, nodes: Nodes, edges: Edges): Block[] {
  const parts: Block[] = [];
  for (const [node, box] of nodes) {
    if (node.lane !== lane) continue;
    const corner = { x: box.x + box.width, y: box.y + box.height };
    parts.push(blockOf([box, corner], [node], []));
  }
  for (const [edge, points] of edges) {
    if (edge.from.lane === lane) parts.push(blockOf(points, [], [edge]));
  }
  parts.sort((one, other) => one.left - other.left);
  const blocks: Block[] = [];
  for (const part of parts) {
    const last = blocks.at(-1);
    if (!last || part.left > last.right) blocks.push(part);
    else join(last, part);
  }
  return blocks;
}

function join(block: Block, part: Block): void {
  block.right = Math.max(block.right, part.right);
  block.top = Math.min(block.top, part.top);
  block.bottom = Math.max(block.bottom, part.bottom);
  block.nodes.push(...part.nodes);
  block.edges.push(...part.edges);
}

/** Moves what is in a block down by `by`. */
export function move(block: Block, by: number, nodes: Nodes, edges: Edges): void {
  for (const node of block.nodes) nodes.get(node)!.y += by;
  for (const edge of block.edges) {
    for (const point of edges.get(edge)!) point.y += by;
  }
}
