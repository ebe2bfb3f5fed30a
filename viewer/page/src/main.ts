// The page: reads the report, shows its traces, and keeps graph, timeline and
// details at the same selection.

import { isDrawn, LinkIndex, readReport } from "./data";
import type { Report, Trace } from "./data";
import { Details } from "./details";
import { html, isolated, part } from "./dom";
import { buildGraph, lanesOf } from "./graph";
import type { Lane } from "./graph";
import { GraphView } from "./graph_view";
import { listenToKeys } from "./keyboard";
import { layOut } from "./layout";
import { showAbout, showLegend } from "./legend";
import { Search } from "./search";
import { litBy, NOTHING } from "./selection";
import type { Selection } from "./selection";
import { plural, short } from "./text";
import { Timeline } from "./timeline";
import { showTraceList } from "./trace_list";
import { inventory } from "./words";

// With more nodes than this, agents are folded until somebody unfolds them.
const FOLD_ABOVE = 300;

class Page {
  private readonly graph = new GraphView({
    onSelect: (selection) => this.select(selection),
    onToggle: (lane) => {
      lane.expanded = !lane.expanded;
      void this.draw(false);
    },
  });
  private readonly timeline = new Timeline((span) =>
    this.select({ what: "span", span }),
  );
  private readonly details = new Details((selection) => this.select(selection));
  private readonly search = new Search(
    (found) => this.mark(found),
    (span) => this.select({ what: "span", span }),
  );
  private trace!: Trace;
  private index!: LinkIndex;
  private lanes: Lane[] = [];
  private selected: Selection = NOTHING;
  private found: Set<number> | null = null;
  private drawing = 0;

  constructor(private readonly report: Report) {
    showLegend();
    showAbout(report);
    part("home").addEventListener("click", () => (location.hash = ""));
    part("zoom-in").addEventListener("click", () => this.graph.viewport.zoom(1.25));
    part("zoom-out").addEventListener("click", () => this.graph.viewport.zoom(0.8));
    part("fit").addEventListener("click", () => this.graph.viewport.fit());
    part("fold").addEventListener("click", () => this.foldAll());
    window.addEventListener("hashchange", () => this.follow());
    this.listen();
    this.follow();
  }

  private listen(): void {
    listenToKeys({
      "/": () => this.search.focus(),
      "+": () => this.graph.viewport.zoom(1.25),
      "=": () => this.graph.viewport.zoom(1.25),
      "-": () => this.graph.viewport.zoom(0.8),
      "0": () => this.graph.viewport.fit(),
      f: () => this.foldAll(),
      Escape: () => this.select(NOTHING),
      ArrowLeft: () => this.walk("producing", "from"),
      ArrowRight: () => this.walk("consuming", "to"),
      ArrowUp: () => this.step(-1),
      ArrowDown: () => this.step(1),
    });
  }

  /** Shows what the address names: `#trace=2`, or the list. */
  private follow(): void {
    const { traces } = this.report;
    const named = /^#trace=(\d+)$/.exec(location.hash);
    const at = named ? Number(named[1]) - 1 : traces.length === 1 ? 0 : -1;
    const trace = traces[at];
    part("trace").hidden = part("tools").hidden = !trace;
    part("trace-list").hidden = Boolean(trace);
    part<HTMLButtonElement>("home").disabled = traces.length < 2 || !trace;
    if (trace) this.open(trace);
    else this.openList();
  }

  private openList(): void {
    const { files, traces } = this.report;
    const names = files.slice(0, 3).map((name) => short(name, 40));
    part("title").replaceChildren(isolated(names.join(", ")));
    document.title = `${plural(traces.length, "trace")} · spanlink`;
    showTraceList(this.report, (at) => (location.hash = `trace=${at + 1}`));
  }

  private open(trace: Trace): void {
    this.trace = trace;
    this.index = new LinkIndex(trace);
    const drawn = trace.spans.filter(isDrawn).length;
    this.lanes = lanesOf(trace, drawn <= FOLD_ABOVE);
    this.selected = NOTHING;
    const several = this.report.traces.length > 1;
    const name = several ? trace.id : (this.report.files[0] ?? trace.id);
    part("title").replaceChildren(
      html("strong", {}, isolated(short(name, 48))),
      html("span", { class: "muted" }, inventory(trace).join(" · ")),
    );
    document.title = `${short(name, 48)} · spanlink`;
    this.timeline.show(trace);
    this.search.show(trace);
    this.select(NOTHING);
    void this.draw(true);
  }

  private async draw(fresh: boolean): Promise<void> {
    const turn = ++this.drawing;
    const { trace } = this;
    const graph = buildGraph(trace, this.lanes);
    const some = this.lanes.some((lane) => lane.expanded);
    part("fold").textContent = some ? "Fold agents" : "Unfold agents";
    const note = part("note");
    if (fresh) this.graph.clear();
    if (graph.nodes.length === 0) {
      note.textContent = "No LLM, tool, handoff or guardrail span in this trace.";
      document.body.dataset["drawn"] = String(turn);
      return;
    }
    const doing = `Laying out ${plural(graph.nodes.length, "node")}…`;
    note.textContent = doing;
    try {
      const layout = await layOut(trace, graph, (share) => {
        if (turn === this.drawing) note.textContent = `${doing} ${Math.round(share * 100)} %`;
      });
      if (turn !== this.drawing) return;
      this.graph.show(trace, graph, layout);
      note.textContent = "";
      this.graph.mark(this.found);
      this.lightUp();
    } catch (error) {
      if (turn !== this.drawing) return;
      note.textContent = `No picture: ${short(String(error), 200)}. Timeline and details work.`;
    }
    document.body.dataset["drawn"] = String(turn);
  }

  private foldAll(): void {
    if (!this.trace) return;
    const some = this.lanes.some((lane) => lane.expanded);
    for (const lane of this.lanes) lane.expanded = !some;
    void this.draw(false);
  }

  private select(selection: Selection): void {
    if (!this.trace) return;
    this.selected = selection;
    this.details.show(this.trace, this.index, selection);
    this.lightUp();
  }

  private lightUp(): void {
    const { trace, index, selected } = this;
    const lit = litBy(trace, index, selected);
    this.graph.light(lit);
    const span = selected.what === "span" ? selected.span : null;
    this.timeline.light(lit, span);
    if (span !== null) this.graph.reveal(span);
  }

  private mark(found: Set<number> | null): void {
    this.found = found;
    this.graph.mark(found);
    this.timeline.mark(found);
  }

  /** Along the first link from the selected span to the next. */
  private walk(way: "producing" | "consuming", end: "from" | "to"): void {
    if (!this.trace) return;
    if (this.selected.what === "link") {
      this.go(this.trace.links[this.selected.link]![end]);
      return;
    }
    if (this.selected.what !== "span") return this.step(way === "consuming" ? 1 : -1);
    const [link] = this.index[way](this.selected.span);
    if (link !== undefined) this.go(this.trace.links[link]![end]);
  }

  /** To the next drawn span in order of start. */
  private step(by: number): void {
    if (!this.trace) return;
    const { spans } = this.trace;
    const none = by > 0 ? -1 : spans.length;
    let at = (this.selected.what === "span" ? this.selected.span : none) + by;
    while (spans[at] && !isDrawn(spans[at]!)) at += by;
    if (spans[at]) this.go(at);
  }

  private go(span: number): void {
    this.select({ what: "span", span });
    this.graph.focus(span);
  }
}

try {
  new Page(readReport());
} catch (error) {
  const failure = part("failure");
  failure.hidden = false;
  failure.textContent = `This report cannot be shown: ${short(String(error), 200)}`;
}
