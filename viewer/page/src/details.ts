// The panel beside the graph: what is selected, where it came from, where it
// went, and why.

import type { LinkIndex, Trace } from "./data";
import { isDrawn, isExact } from "./data";
import { contentOf } from "./content";
import { button, html, isolated, part } from "./dom";
import type { Selection } from "./selection";
import { icon } from "./shapes";
import { duration, plural, short } from "./text";
import {
  agentOf,
  certainty,
  evidenceName,
  KIND_NAMES,
  linkName,
  nameOf,
  timeOf,
} from "./words";

const MOST = 100; // entries of a list

export class Details {
  private readonly panel = part("details");
  private trace!: Trace;
  private index!: LinkIndex;

  constructor(private readonly onSelect: (selection: Selection) => void) {}

  show(trace: Trace, index: LinkIndex, selected: Selection): void {
    this.trace = trace;
    this.index = index;
    this.panel.replaceChildren(...this.of(selected));
    this.panel.scrollTop = 0;
  }

  private of(selected: Selection): HTMLElement[] {
    switch (selected.what) {
      case "nothing":
        return this.ofTrace();
      case "span":
        return this.ofSpan(selected.span);
      case "link":
        return this.ofLink(selected.link);
      case "spans":
        return this.ofSpans(selected.spans, selected.title);
      case "links":
        return this.ofLinks(selected.links);
    }
  }

  private ofTrace(): HTMLElement[] {
    const { trace } = this;
    const where = (test: (span: Trace["spans"][number]) => unknown) =>
      trace.spans.flatMap((span, index) => (test(span) ? [index] : []));
    const facts: [string, Node | string][] = [
      ["Trace", copied(trace.id, "trace id")],
      ["Duration", duration(trace.duration_ns)],
      ["Links", linkCounts(trace)],
    ];
    if (trace.outside > 0) {
      facts.push(["Not drawn", `${plural(trace.outside, "link")} to other traces`]);
    }
    return [
      html("h2", {}, "This trace"),
      factList(facts),
      ...this.list("Failed", where((span) => span.error)),
      ...this.list("Not linked", where((span) => span.unlinked)),
      html("p", { class: "hint" }, "Select a span or a line to see what led to it and why."),
    ];
  }

  private ofSpan(at: number): HTMLElement[] {
    const { trace, index } = this;
    const span = trace.spans[at]!;
    const agent = agentOf(trace, span);
    const facts: [string, Node | string][] = [];
    if (agent) facts.push(["Agent", isolated(short(agent))]);
    if (span.start !== null) facts.push(["Starts after", duration(span.start)]);
    facts.push(["Takes", timeOf(span)]);
    if (span.critical) facts.push(["Critical path", "the trace waited for it"]);
    if (span.name !== span.label) facts.push(["Span name", isolated(short(span.name))]);
    facts.push(["Span id", copied(span.id, "span id")]);
    const made = index.producing(at).map((link) => trace.links[link]!);
    const call = made.find((link) => link.call !== null && link.id !== null);
    if (call?.id) facts.push(["Call id", copied(call.id, "call id")]);
    if (span.dialect) facts.push(["Written as", short(span.dialect)]);
    const behind = index.chainBehind(at).size - 1;
    if (behind > 0) facts.push(["Chain behind", plural(behind, "span")]);
    return [
      this.heading(at),
      ...this.flags(at),
      html(
        "div",
        { class: "both" },
        ...this.ends("Produced by", index.producing(at), "from"),
        ...this.ends("Consumed by", index.consuming(at), "to"),
      ),
      ...this.openCalls(at),
      factList(facts),
      ...contentOf(span),
    ];
  }

  private heading(at: number): HTMLElement {
    const span = this.trace.spans[at]!;
    return html(
      "header",
      {},
      html("p", { class: "kind" }, icon(span.kind), KIND_NAMES[span.kind]),
      html("h2", {}, isolated(short(nameOf(span), 120))),
    );
  }

  private flags(at: number): HTMLElement[] {
    const span = this.trace.spans[at]!;
    const flags: HTMLElement[] = [];
    if (span.error) flags.push(html("p", { class: "flag error" }, "This span failed."));
    for (const reason of span.unlinked ?? []) {
      flags.push(
        html(
          "div",
          { class: "flag unlinked", "data-code": short(reason.code) },
          html("strong", {}, "Not linked"),
          html("p", {}, short(reason.why, 1000)),
          html("p", { class: "muted" }, short(reason.what_to_do, 1000)),
        ),
      );
    }
    return flags;
  }

  /** Links at one side of a span: a way to its other end, and to itself. */
  private ends(title: string, links: number[], end: "from" | "to"): HTMLElement[] {
    const rows = links.slice(0, MOST).map((at) => {
      const link = this.trace.links[at]!;
      return html(
        "li",
        { "data-link": at },
        this.spanButton(link[end]),
        button(
          "why",
          () => this.onSelect({ what: "link", link: at }),
          html("span", { class: certainty(link) }, certainty(link)),
          ` by ${evidenceName(link)}`,
          html("span", { class: "unseen" }, `: why this ${linkName(link)} is there`),
        ),
      );
    });
    return section(title, rows, links.length, "Nothing that is known.");
  }

  private openCalls(at: number): HTMLElement[] {
    const { trace } = this;
    const ran = new Set(this.index.consuming(at).map((l) => trace.links[l]!.call));
    const open = trace.calls
      .map((call, index) => ({ call, index }))
      .filter(({ call, index }) => call.llm === at && !ran.has(index));
    if (open.length === 0) return [];
    const rows = open.slice(0, MOST).map(({ call }) =>
      html(
        "li",
        {},
        isolated(short(call.tool)),
        html("span", { class: "muted" }, call.id === null ? " no id" : ` ${short(call.id)}`),
      ),
    );
    return section("Calls that no span ran", rows, open.length, "");
  }

  private ofLink(at: number): HTMLElement[] {
    const { trace } = this;
    const link = trace.links[at]!;
    const facts: [string, Node | string][] = [];
    if (link.tool) facts.push(["Tool", isolated(short(link.tool))]);
    if (link.id !== null) facts.push(["Call id", copied(link.id, "call id")]);
    facts.push(["Evidence", evidenceName(link)]);
    if (link.attempt > 1) facts.push(["Attempt", String(link.attempt)]);
    return [
      html(
        "header",
        {},
        html("p", { class: "kind" }, "Link"),
        html("h2", {}, linkName(link)),
      ),
      html(
        "div",
        { class: "both" },
        ...section("From", [html("li", {}, this.spanButton(link.from))], 1, ""),
        ...section("To", [html("li", {}, this.spanButton(link.to))], 1, ""),
      ),
      html(
        "div",
        { class: `reason ${certainty(link)}` },
        html("strong", {}, isExact(link) ? "Exact" : "Inferred"),
        html("p", {}, short(link.why, 1000)),
      ),
      factList(facts),
    ];
  }

  private ofLinks(links: number[]): HTMLElement[] {
    const rows = links.slice(0, MOST).map((at) => {
      const link = this.trace.links[at]!;
      return html(
        "li",
        { "data-link": at },
        button(
          "why",
          () => this.onSelect({ what: "link", link: at }),
          `${linkName(link)}, ${certainty(link)} by ${evidenceName(link)}`,
        ),
        this.spanButton(link.to),
      );
    });
    const title = plural(links.length, "link");
    return [html("h2", {}, title), ...section("Links", rows, links.length, "")];
  }

  private ofSpans(spans: number[], title: string): HTMLElement[] {
    const kind = this.trace.spans[spans[0]!]!.kind;
    return [
      html(
        "header",
        {},
        html("p", { class: "kind" }, icon(kind), `${spans.length} × ${KIND_NAMES[kind]}`),
        html("h2", {}, isolated(short(title))),
      ),
      ...this.list("Spans", spans),
    ];
  }

  private list(title: string, spans: number[]): HTMLElement[] {
    if (spans.length === 0) return [];
    const rows = spans
      .slice(0, MOST)
      .map((span) => html("li", {}, this.spanButton(span)));
    return section(title, rows, spans.length, "");
  }

  private spanButton(at: number): HTMLButtonElement {
    const span = this.trace.spans[at]!;
    const made = button(
      "span-button",
      () => this.onSelect({ what: "span", span: at }),
      icon(span.kind),
      isolated(short(nameOf(span), 48)),
      html("span", { class: "muted id" }, short(span.id.slice(0, 6))),
    );
    made.dataset["span"] = String(at);
    made.dataset["drawn"] = String(isDrawn(span));
    return made;
  }
}

function linkCounts(trace: Trace): string {
  const exact = trace.links.filter(isExact).length;
  const inferred = trace.links.length - exact;
  if (inferred === 0) return `${exact.toLocaleString("en")}, all exact`;
  return `${exact.toLocaleString("en")} exact, ${inferred.toLocaleString("en")} inferred`;
}

function section(
  title: string,
  rows: HTMLElement[],
  all: number,
  none: string,
): HTMLElement[] {
  const list = html("ul", { class: "ends" }, ...rows);
  const more = all > rows.length ? `and ${(all - rows.length).toLocaleString("en")} more` : "";
  return [
    html(
      "section",
      { "aria-label": title },
      html("h3", {}, title, html("span", { class: "muted" }, all > 1 ? ` ${all}` : "")),
      rows.length > 0 ? list : html("p", { class: "muted" }, none),
      ...(more ? [html("p", { class: "muted" }, more)] : []),
    ),
  ];
}

function factList(facts: [string, Node | string][]): HTMLElement {
  return html(
    "dl",
    {},
    ...facts.flatMap(([name, value]) => [html("dt", {}, name), html("dd", {}, value)]),
  );
}

/** An id, shortened, with a button that copies all of it. */
function copied(id: string, what: string): HTMLElement {
  const copy = button("copy", () => void copyText(id, copy), "Copy");
  copy.setAttribute("aria-label", `Copy the ${what}`);
  return html("span", { class: "copied" }, html("code", {}, short(id, 34)), copy);
}

async function copyText(text: string, from: HTMLButtonElement): Promise<void> {
  let done = true;
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    done = copyOldWay(text);
  }
  from.textContent = done ? "Copied" : "Not allowed";
  setTimeout(() => (from.textContent = "Copy"), 1500);
}

// Where the page may not use the clipboard by itself: some do for file://.
function copyOldWay(text: string): boolean {
  const field = html("textarea", { class: "unseen" });
  field.value = text;
  document.body.append(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  return done;
}
