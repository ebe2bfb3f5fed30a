// The traces of a report that has several, with what each holds.

import type { Report, Trace } from "./data";
import { button, html, isolated, part } from "./dom";
import { duration, short } from "./text";

const COLUMNS: [string, (trace: Trace) => string][] = [
  ["Duration", (trace) => duration(trace.duration_ns)],
  ["Spans", (trace) => count(trace.counts.spans)],
  ["LLM", (trace) => count(trace.counts.llm)],
  ["Tools", (trace) => count(trace.counts.tool)],
  ["Handoffs", (trace) => count(trace.counts.handoff)],
  ["Guardrails", (trace) => count(trace.counts.guardrail)],
  ["Links", (trace) => count(trace.counts.links)],
  ["Not linked", (trace) => count(trace.counts.unlinked)],
  ["Failed", (trace) => count(trace.counts.errors)],
];
const FIRST = 500;

function count(value: number): string {
  return value === 0 ? "–" : value.toLocaleString("en");
}

export function showTraceList(
  report: Report,
  onOpen: (trace: number) => void,
): void {
  const table = html(
    "table",
    {},
    html(
      "thead",
      {},
      html(
        "tr",
        {},
        html("th", { scope: "col" }, "Trace"),
        ...COLUMNS.map(([name]) => html("th", { scope: "col" }, name)),
      ),
    ),
  );
  const body = html("tbody");
  const add = (from: number, to: number) =>
    report.traces.slice(from, to).forEach((trace, offset) => {
      body.append(row(trace, () => onOpen(from + offset)));
    });
  add(0, FIRST);
  table.append(body);
  const rest = report.traces.length - FIRST;
  const more = button(
    "more",
    () => {
      add(FIRST, report.traces.length);
      more.remove();
    },
    `Show ${rest.toLocaleString("en")} more`,
  );
  part("trace-list").replaceChildren(
    html("h2", {}, `${report.traces.length.toLocaleString("en")} traces`),
    html("div", { class: "table", tabindex: 0, role: "region", "aria-label": "Traces" }, table),
    ...(rest > 0 ? [more] : []),
  );
}

function row(trace: Trace, open: () => void): HTMLElement {
  const agents = trace.agents.filter(Boolean).slice(0, 4);
  const named = trace.agents.filter(Boolean).length;
  return html(
    "tr",
    {},
    html(
      "th",
      { scope: "row" },
      button("open", open, html("code", {}, isolated(short(trace.id, 34)))),
      html(
        "span",
        { class: "muted agents" },
        ...agents.flatMap((name, nth) => [nth > 0 ? ", " : "", isolated(short(name, 32))]),
        named > agents.length ? ` and ${named - agents.length} more` : "",
      ),
    ),
    ...COLUMNS.map(([, value]) => html("td", {}, value(trace))),
  );
}
