// The nodes and edges that are in the document. Of a large graph only those in
// sight; and when too many are in sight at once to be read, a sketch of them.

import { svg } from "./dom";
import type { GraphEdge, GraphNode } from "./graph";
import type { Layout } from "./layout";
import { lineThrough } from "./line";
import type { Lit } from "./selection";

const ALL_UP_TO = 600; // nodes of a graph that is kept in the document as a whole
const SKETCH_ABOVE = 1200; // nodes and edges in sight

export interface Bounds {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

interface Item extends Bounds {
  node?: GraphNode;
  edge?: GraphEdge;
  make: () => SVGGElement;
  element?: SVGGElement;
}

export interface Makers {
  node: (node: GraphNode) => SVGGElement;
  edge: (edge: GraphEdge) => SVGGElement;
}

export class Scene {
  readonly layer = svg("g");
  private readonly sketched = svg("g", { class: "sketch" });
  private readonly edgeLayer = svg("g");
  private readonly nodeLayer = svg("g");
  private items: Item[] = [];
  private layout: Layout | undefined;
  private large = false;
  private lit: Lit = { chosen: new Set(), spans: new Set(), links: new Set() };
  private found: Set<number> | null = null;

  constructor() {
    this.layer.append(this.sketched, this.edgeLayer, this.nodeLayer);
  }

  set(layout: Layout, makers: Makers): void {
    this.layout = layout;
    this.large = layout.nodes.size > ALL_UP_TO;
    this.items = [];
    for (const edge of layout.edges.keys()) {
      const bounds = boundsOf(layout.edges.get(edge)!);
      this.items.push({ ...bounds, edge, make: () => makers.edge(edge) });
    }
    for (const [node, box] of layout.nodes) {
      const bounds = boundsOf([box, { x: box.x + box.width, y: box.y + box.height }]);
      this.items.push({ ...bounds, node, make: () => makers.node(node) });
    }
    this.edgeLayer.replaceChildren();
    this.nodeLayer.replaceChildren();
    this.sketched.replaceChildren();
  }

  /** Puts into the document what is within bounds; null: all. */
  show(within: Bounds | null): void {
    const all = !this.large || within === null;
    const seen = all ? this.items : this.items.filter((item) => meet(item, within));
    const sketch = !all && seen.length > SKETCH_ABOVE;
    const shown = sketch ? [] : seen;
    for (const item of shown) item.element ??= this.dress(item, item.make());
    replace(this.edgeLayer, shown.filter((item) => item.edge));
    replace(this.nodeLayer, shown.filter((item) => item.node));
    this.sketched.replaceChildren(...(sketch ? this.sketch(seen) : []));
  }

  light(lit: Lit, found: Set<number> | null): void {
    this.lit = lit;
    this.found = found;
    for (const item of this.items) {
      if (item.element) this.dress(item, item.element);
    }
  }

  /** What an element of the document stands for, or a point of a sketch. */
  hit(target: Element, x: number, y: number): GraphNode | GraphEdge | null {
    const element = target.closest(".node, .edge");
    const point = { left: x, right: x, top: y, bottom: y };
    const sketched = this.sketched.firstChild !== null;
    const hit = this.items.find((item) =>
      element
        ? item.element === element
        : sketched && item.node !== undefined && meet(item, point),
    );
    return hit?.node ?? hit?.edge ?? null;
  }

  elementOf(node: GraphNode): SVGGElement | undefined {
    return this.items.find((item) => item.node === node)?.element;
  }

  private isLit(item: Item): boolean {
    const { node, edge } = item;
    if (node) return node.spans.some((span) => this.lit.spans.has(span));
    return edge!.links.some((link) => this.lit.links.has(link));
  }

  private dress(item: Item, element: SVGGElement): SVGGElement {
    element.classList.toggle("lit", this.isLit(item));
    if (item.node) {
      const has = (of: Set<number> | null) =>
        of !== null && item.node!.spans.some((span) => of.has(span));
      element.classList.toggle("selected", has(this.lit.chosen));
      element.classList.toggle("found", has(this.found));
      element.setAttribute("aria-pressed", String(has(this.lit.chosen)));
    }
    return element;
  }

  /** A few paths for all: one for each way to look. */
  private sketch(seen: Item[]): SVGPathElement[] {
    const paths = new Map<string, string[]>();
    for (const item of seen) {
      const { node, edge } = item;
      const found = node?.spans.some((span) => this.found?.has(span));
      const look = node ? `shape ${node.kind}` : `line ${edge!.exact ? "exact" : "inferred"}`;
      const key = `${look}${this.isLit(item) ? " lit" : ""}${found ? " found" : ""}`;
      const parts = paths.get(key) ?? [];
      paths.set(key, parts);
      parts.push(node ? rectangle(item) : lineThrough(this.layout!.edges.get(edge!)!));
    }
    return [...paths]
      .sort(([one], [other]) => Number(one.includes("lit")) - Number(other.includes("lit")))
      .map(([look, parts]) => svg("path", { class: look, d: parts.join("") }));
  }
}

function rectangle({ left, top, right, bottom }: Bounds): string {
  return `M${left} ${top}H${right}V${bottom}H${left}Z`;
}

function boundsOf(points: readonly { x: number; y: number }[]): Bounds {
  const xs = points.map((point) => point.x);
  const ys = points.map((point) => point.y);
  return {
    left: Math.min(...xs),
    top: Math.min(...ys),
    right: Math.max(...xs),
    bottom: Math.max(...ys),
  };
}

function meet(one: Bounds, other: Bounds): boolean {
  return (
    one.left <= other.right &&
    one.right >= other.left &&
    one.top <= other.bottom &&
    one.bottom >= other.top
  );
}

/** Makes these the children of the layer, touching only what changes. */
function replace(layer: SVGGElement, items: Item[]): void {
  const wanted = new Set<Element>(items.map((item) => item.element!));
  for (const child of [...layer.children]) if (!wanted.has(child)) child.remove();
  for (const child of wanted) if (child.parentNode !== layer) layer.append(child);
}
