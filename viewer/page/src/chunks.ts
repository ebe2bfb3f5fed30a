// A long graph in chunks, one after the other in time. The time that a layered
// layout takes grows with the square of the length of the graph, and a run of
// an agent is mostly a long chain: chunks make it linear.

import type { Graph, GraphNode } from "./graph";

const ALONE = 140; // nodes that need no cutting
const SMALLEST = 40;
const LARGEST = 100;

/** The nodes in order of start, cut where the fewest edges go across. */
export function chunksOf(graph: Graph): GraphNode[][] {
  const sorted = [...graph.nodes].sort((a, b) => a.spans[0]! - b.spans[0]!);
  if (sorted.length <= ALONE) return [graph.nodes];
  const across = crossings(graph, sorted);
  const chunks: GraphNode[][] = [];
  let start = 0;
  while (start < sorted.length) {
    const cut = bestCut(sorted, across, start);
    const members = new Set(sorted.slice(start, cut));
    // Within a chunk, in the order of the graph: lane by lane.
    chunks.push(graph.nodes.filter((node) => members.has(node)));
    start = cut;
  }
  return chunks;
}

/** For each place in the order, the edges over the gap before it. */
function crossings(graph: Graph, sorted: GraphNode[]): number[] {
  const place = new Map(sorted.map((node, index) => [node, index]));
  const change = new Array<number>(sorted.length + 1).fill(0);
  for (const { from, to } of [...graph.edges, ...graph.order]) {
    const [one, other] = [place.get(from)!, place.get(to)!];
    change[Math.min(one, other) + 1]!++;
    change[Math.max(one, other) + 1]!--;
  }
  let open = 0;
  return change.map((by) => (open += by));
}

function bestCut(sorted: GraphNode[], across: number[], start: number): number {
  if (sorted.length - start <= LARGEST) return sorted.length;
  let best = start + LARGEST;
  let lowest = Infinity;
  for (let at = start + SMALLEST; at <= start + LARGEST; at++) {
    // Before an answer rather than amid the calls of one.
    const cost = 2 * across[at]! + (sorted[at]!.kind === "llm" ? 0 : 1);
    if (cost > lowest) continue;
    [best, lowest] = [at, cost];
  }
  return best;
}
