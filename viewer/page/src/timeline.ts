// The spans of a trace over time, one row each. Only the rows in sight are in
// the document, so that thousands cost no more than twenty.

import type { Trace } from "./data";
import { html, isolated, part, svg } from "./dom";
import { icon } from "./shapes";
import type { Lit } from "./selection";
import { duration, short } from "./text";
import { nameOf, timeOf, unwritten } from "./words";

export const ROW = 26;
const AROUND = 12; // rows beyond those in sight
const DEEPEST = 8; // levels of the tree that are indented

export class Timeline {
  private readonly box = part("timeline");
  private readonly rows = html("div", { class: "rows" });
  private readonly arrows = svg("svg", { class: "arrows", "aria-hidden": "true" });
  private readonly axis = part("timeline-axis");
  private trace: Trace | undefined;
  private depth: number[] = [];
  private length = 1;
  private selected: number | null = null;
  private lit: Lit = { chosen: new Set(), spans: new Set(), links: new Set() };
  private found: Set<number> | null = null;
  private printing = false;

  constructor(private readonly onSelect: (span: number) => void) {
    this.box.append(this.rows);
    this.box.addEventListener("scroll", () => this.draw());
    new ResizeObserver(() => this.draw()).observe(this.box);
    this.box.addEventListener("click", (event) => {
      const row = (event.target as Element).closest<HTMLElement>(".row");
      if (row) this.onSelect(Number(row.dataset["span"]));
    });
    this.box.addEventListener("keydown", (event) => this.key(event));
    window.addEventListener("beforeprint", () => this.print(true));
    window.addEventListener("afterprint", () => this.print(false));
  }

  show(trace: Trace): void {
    this.trace = trace;
    this.depth = [];
    for (const span of trace.spans) {
      const above = span.parent === null ? -1 : (this.depth[span.parent] ?? -1);
      this.depth.push(Math.min(DEEPEST, above + 1));
    }
    const ends = trace.spans.map((span) => span.end ?? 0);
    this.length = Math.max(1, trace.duration_ns ?? 0, ...ends.slice(0, 1));
    for (const end of ends) this.length = Math.max(this.length, end);
    this.selected = null;
    this.box.scrollTop = 0;
    this.rows.style.height = `${trace.spans.length * ROW}px`;
    this.drawAxis(trace.duration_ns);
    this.draw();
  }

  light(lit: Lit, selected: number | null): void {
    this.lit = lit;
    this.selected = selected;
    if (selected !== null) this.reveal(selected);
    this.draw();
  }

  mark(found: Set<number> | null): void {
    this.found = found;
    this.draw();
  }

  private reveal(span: number): void {
    const top = span * ROW;
    const { scrollTop, clientHeight } = this.box;
    if (top < scrollTop + ROW) this.box.scrollTop = top - ROW * 2;
    else if (top > scrollTop + clientHeight - 2 * ROW) {
      this.box.scrollTop = top - clientHeight + 3 * ROW;
    }
  }

  private key(event: KeyboardEvent): void {
    const steps: Record<string, number> = {
      ArrowDown: 1,
      ArrowUp: -1,
      PageDown: 10,
      PageUp: -10,
      Home: -Infinity,
      End: Infinity,
    };
    const step = steps[event.key];
    if (step === undefined || !this.trace) return;
    event.preventDefault();
    event.stopPropagation();
    const last = this.trace.spans.length - 1;
    const from = this.selected ?? (step > 0 ? -1 : last + 1);
    this.onSelect(Math.max(0, Math.min(last, from + step)));
  }

  private drawAxis(length: number | null): void {
    const ticks = [0, 0.25, 0.5, 0.75, 1].map((share) => {
      const tick = html("span", {}, duration(Math.round(this.length * share)));
      tick.style.left = `${share * 100}%`;
      return tick;
    });
    this.axis.replaceChildren(...(length === null ? [] : ticks));
  }

  private draw(): void {
    const { trace } = this;
    if (!trace) return;
    const count = trace.spans.length;
    let first = Math.max(0, Math.floor(this.box.scrollTop / ROW) - AROUND);
    let last = Math.ceil((this.box.scrollTop + this.box.clientHeight) / ROW);
    last = Math.min(count, last + AROUND);
    if (this.printing) [first, last] = [0, Math.min(count, 1000)];
    const drawn: Element[] = [];
    for (let index = first; index < last; index++) drawn.push(this.row(index));
    this.drawArrows(trace);
    this.rows.replaceChildren(...drawn, this.arrows);
    const active = this.selected === null ? "" : `row-${this.selected}`;
    if (active) this.box.setAttribute("aria-activedescendant", active);
    else this.box.removeAttribute("aria-activedescendant");
  }

  private row(index: number): HTMLElement {
    const trace = this.trace!;
    const span = trace.spans[index]!;
    const state = [
      "row",
      span.kind,
      span.error ? "error" : "",
      span.critical ? "critical" : "",
      span.unlinked ? "unlinked" : "",
      this.lit.spans.has(index) ? "lit" : "",
      this.lit.chosen.has(index) ? "selected" : "",
      this.found?.has(index) ? "found" : "",
    ];
    const name = html(
      "span",
      { class: "row-name" },
      icon(span.kind),
      html("span", { class: "unseen" }, unwritten(trace, span)),
      isolated(short(nameOf(span), 60)),
      ...(span.error ? [html("span", { class: "sign error" }, "failed")] : []),
      ...(span.unlinked ? [html("span", { class: "sign" }, "not linked")] : []),
    );
    name.style.setProperty("--depth", String(this.depth[index]));
    const row = html(
      "div",
      {
        class: state.filter(Boolean).join(" "),
        id: `row-${index}`,
        role: "option",
        "aria-selected": String(this.selected === index),
        "aria-posinset": index + 1,
        "aria-setsize": trace.spans.length,
        "data-span": index,
      },
      name,
      this.bar(index),
    );
    row.style.top = `${index * ROW}px`;
    return row;
  }

  private bar(index: number): HTMLElement {
    const span = this.trace!.spans[index]!;
    const track = html("span", { class: "track" });
    if (span.start === null) return track;
    const from = (span.start / this.length) * 100;
    const long = (((span.end ?? span.start) - span.start) / this.length) * 100;
    const bar = html("span", { class: "bar" });
    bar.style.left = `${from}%`;
    bar.style.width = `max(3px, ${long}%)`;
    const time = html("span", { class: "bar-time" }, timeOf(span));
    time.style.left = `calc(max(${from}% + 3px, ${from + long}%) + 6px)`;
    track.append(bar, time);
    return track;
  }

  /** From the end of what was produced to the start of what consumed it. */
  private drawArrows(trace: Trace): void {
    const room = this.rows.clientWidth;
    const names = this.axis.offsetLeft - this.box.offsetLeft;
    const scale = this.axis.clientWidth / this.length;
    const lines: SVGElement[] = [];
    this.arrows.replaceChildren();
    if (this.selected === null || room === 0) return;
    for (const link of this.lit.links) {
      const { from, to } = trace.links[link]!;
      if (from !== this.selected && to !== this.selected) continue;
      const [end, start] = [trace.spans[from]!.end, trace.spans[to]!.start];
      if (end === null || start === null) continue;
      const [x1, x2] = [names + end * scale, names + start * scale];
      const [y1, y2] = [(from + 0.5) * ROW, (to + 0.5) * ROW];
      const bend = Math.max(18, Math.abs(y2 - y1) / 5);
      const d = `M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`;
      lines.push(svg("path", { d, "marker-end": "url(#arrow)" }));
    }
    this.arrows.append(...lines);
  }

  private print(on: boolean): void {
    this.printing = on;
    this.draw();
  }
}

