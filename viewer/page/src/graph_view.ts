// The picture: lanes, edges and nodes in SVG.

import type { Trace } from "./data";
import { part, svg } from "./dom";
import type { Graph, GraphEdge, GraphNode, Lane } from "./graph";
import type { Layout } from "./layout";
import { lineThrough } from "./line";
import { drawNode } from "./node_view";
import { Scene } from "./scene";
import type { Bounds } from "./scene";
import type { Lit, Selection } from "./selection";
import { plural, short } from "./text";
import { Viewport } from "./viewport";
import { certainty, evidenceName, linkClass, linkName, nameOf } from "./words";

export interface GraphEvents {
  onSelect: (selection: Selection) => void;
  onToggle: (lane: Lane) => void;
}

const NONE: Lit = { chosen: new Set(), spans: new Set(), links: new Set() };

export class GraphView {
  private readonly element = part<SVGSVGElement>("graph");
  private readonly world = svg("g", { class: "world" });
  private readonly scene = new Scene();
  private readonly titles: { x: number; y: number; element: SVGGElement }[] = [];
  private graph: Graph | undefined;
  private layout: Layout | undefined;
  private lit = NONE;
  private found: Set<number> | null = null;
  private printing = false;
  readonly viewport: Viewport;

  constructor(private readonly events: GraphEvents) {
    this.element.append(arrowHeads(), this.world);
    this.viewport = new Viewport(this.element, () => this.place());
    this.element.addEventListener("click", (event) => this.click(event));
    window.addEventListener("beforeprint", () => this.print(true));
    window.addEventListener("afterprint", () => this.print(false));
  }

  clear(): void {
    this.world.replaceChildren();
    this.titles.length = 0;
    this.graph = undefined;
    this.layout = undefined;
  }

  show(trace: Trace, graph: Graph, layout: Layout): void {
    this.clear();
    this.graph = graph;
    this.layout = layout;
    this.viewport.setContent(layout.width, layout.height);
    const wanted = this.viewport.wantedHeight() + part("legend").offsetHeight + 4;
    part("trace").style.setProperty("--wanted", `${Math.ceil(wanted)}px`);
    const lanes = graph.lanes.map((lane) => this.drawLane(trace, lane, layout));
    const ran = new Set(trace.links.map((link) => link.call));
    const context = { trace, isUsed: (call: number) => ran.has(call) };
    this.scene.set(layout, {
      node: (node) => drawNode(node, layout.nodes.get(node)!, context),
      edge: (edge) => drawEdge(trace, edge, layout),
    });
    this.world.append(
      svg("g", {}, ...lanes),
      this.scene.layer,
      svg("g", {}, ...this.titles.map((title) => title.element)),
    );
    for (const { element } of this.titles) {
      const width = element.querySelector("text")!.getComputedTextLength();
      element.querySelector("rect")!.setAttribute("width", String(Math.ceil(width) + 38));
    }
    this.viewport.start();
  }

  /** Lights what belongs to the selection, and dims the rest. */
  light(lit: Lit): void {
    this.lit = lit;
    const chosen = lit.chosen.size > 0 || lit.links.size > 0;
    this.element.classList.toggle("has-selection", chosen);
    this.dress();
  }

  /** Marks the spans that a search found; null: no search. */
  mark(found: Set<number> | null): void {
    this.found = found;
    this.element.classList.toggle("has-search", found !== null);
    this.dress();
  }

  reveal(span: number): void {
    const node = this.graph?.nodeOf[span];
    const box = node && this.layout?.nodes.get(node);
    if (box) this.viewport.reveal(box);
  }

  /** Moves the keyboard's focus to the node of a span. */
  focus(span: number): void {
    const node = this.graph?.nodeOf[span];
    if (node) this.scene.elementOf(node)?.focus({ preventScroll: true });
  }

  private dress(): void {
    this.scene.light(this.lit, this.found);
    if (this.layout) this.scene.show(this.inSight());
  }

  /** The part of the content that is in sight, with some around; null: all. */
  private inSight(): Bounds | null {
    if (this.printing) return null;
    const { view, width, height } = this.viewport;
    const around = 200;
    return {
      left: (-around - view.x) / view.scale,
      top: (-around - view.y) / view.scale,
      right: (width + around - view.x) / view.scale,
      bottom: (height + around - view.y) / view.scale,
    };
  }

  private drawLane(trace: Trace, lane: Lane, layout: Layout): SVGGElement {
    const box = layout.lanes.get(lane.index)!;
    const name = lane.name === null ? "No agent known" : short(lane.name, 40);
    const count = (kind: string) =>
      lane.spans.filter((span) => trace.spans[span]!.kind === kind).length;
    const parts = [plural(count("llm"), "LLM call"), plural(count("tool"), "tool call")];
    const title = svg(
      "g",
      {
        class: "lane-title",
        role: "button",
        tabindex: 0,
        "aria-expanded": String(lane.expanded),
        "data-lane": lane.index,
      },
      svg("title", {}, lane.expanded ? "Fold this agent" : "Unfold this agent"),
      svg("rect", { width: 1, height: 24, rx: 6 }),
      svg("path", {
        class: "fold",
        d: lane.expanded ? "M10 10l4 4 4-4" : "M12 8l4 4-4 4",
      }),
      svg(
        "text",
        { x: 26, y: 16.5 },
        svg("tspan", { class: "lane-name" }, name),
        svg("tspan", { class: "lane-count", dx: 10 }, parts.join(" · ")),
      ),
    );
    const toggle = () => this.events.onToggle(lane);
    title.addEventListener("click", toggle);
    title.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      toggle();
    });
    this.titles.push({ x: box.x, y: box.y + 9, element: title });
    return svg(
      "g",
      { class: "lane", "data-agent": lane.index },
      svg("rect", { ...box, rx: 12 }),
    );
  }

  private place(): void {
    const { scale, x, y } = this.viewport.view;
    this.world.setAttribute("transform", `translate(${x} ${y}) scale(${scale})`);
    this.element.classList.toggle("far", scale < 0.4);
    this.element.classList.toggle("very-far", scale < 0.1);
    // The names of the lanes stay in sight and of one size.
    const size = Math.min(2.5, Math.max(1, 0.75 / scale));
    for (const title of this.titles) {
      const left = Math.max(title.x + 12, (8 - x) / scale);
      title.element.setAttribute(
        "transform",
        `translate(${left} ${title.y}) scale(${size})`,
      );
    }
    if (this.layout) this.scene.show(this.inSight());
  }

  private click(event: MouseEvent): void {
    const target = event.target as Element;
    if (this.element.classList.contains("dragging")) return;
    if (target.closest(".lane-title")) return;
    const corner = this.element.getBoundingClientRect();
    const { scale, x, y } = this.viewport.view;
    const hit = this.scene.hit(
      target,
      (event.clientX - corner.left - x) / scale,
      (event.clientY - corner.top - y) / scale,
    );
    if (!hit) this.events.onSelect({ what: "nothing" });
    else this.events.onSelect("links" in hit ? edgeSelection(hit) : selectionOf(hit));
  }

  private print(on: boolean): void {
    if (!this.layout) return;
    this.printing = on;
    this.place();
    const { width, height } = this.layout;
    if (!on) {
      this.element.removeAttribute("viewBox");
      return;
    }
    this.element.setAttribute("viewBox", `-4 -4 ${width + 8} ${height + 8}`);
    this.world.removeAttribute("transform");
  }
}

function selectionOf(node: GraphNode): Selection {
  if (!node.group) return { what: "span", span: node.spans[0]! };
  return { what: "spans", spans: node.spans, title: node.label };
}

function edgeSelection(edge: GraphEdge): Selection {
  if (edge.links.length === 1) return { what: "link", link: edge.links[0]! };
  return { what: "links", links: edge.links };
}

function drawEdge(trace: Trace, edge: GraphEdge, layout: Layout): SVGGElement {
  const link = trace.links[edge.links[0]!]!;
  const many = edge.links.length > 1;
  const line = lineThrough(layout.edges.get(edge)!);
  const ends =
    `${short(nameOf(trace.spans[link.from]!))} to ` +
    `${short(nameOf(trace.spans[link.to]!))}`;
  const what = many ? plural(edge.links.length, "link") : linkName(link);
  const why = many ? "" : `, ${certainty(link)}, by ${evidenceName(link)}`;
  const element = svg(
    "g",
    {
      class: `edge ${edge.exact ? "exact" : "inferred"} ${linkClass(edge.kind)}`,
      role: "button",
      tabindex: -1,
      "aria-label": `${what} from ${ends}${why}`,
      "data-links": edge.links.join(" "),
    },
    svg("title", {}, many ? `${what}: ${ends}` : `${what} by ${evidenceName(link)}: ${short(link.why, 160)}`),
    svg("path", { class: "reach", d: line }),
    svg("path", {
      class: "line",
      d: line,
      "marker-end": "url(#arrow)",
      "marker-start": edge.bothWays ? "url(#arrow)" : undefined,
    }),
  );
  if (many) element.append(countOn(edge, layout));
  return element;
}

function countOn(edge: GraphEdge, layout: Layout): SVGElement {
  const points = layout.edges.get(edge)!;
  const end = points.at(-1)!;
  const at = { class: "count", x: end.x - 12, y: end.y - 6 };
  return svg("text", at, `×${edge.links.length}`);
}

function arrowHeads(): SVGElement {
  const head = (id: string) =>
    svg(
      "marker",
      {
        id,
        viewBox: "0 0 8 8",
        refX: 7.5,
        refY: 4,
        markerWidth: 8,
        markerHeight: 8,
        markerUnits: "userSpaceOnUse",
        orient: "auto-start-reverse",
      },
      svg("path", { d: "M0.5 0.5L7.5 4L0.5 7.5Z", fill: "context-stroke" }),
    );
  return svg("defs", {}, head("arrow"));
}
