// What shapes and lines mean, and which keys do what.

import type { Kind, Report } from "./data";
import { html, part, svg } from "./dom";
import { drawBadge } from "./node_view";
import { icon } from "./shapes";
import { short } from "./text";
import { KIND_NAMES } from "./words";

const KEYS: [string, string][] = [
  ["← →", "to what produced the span, to what consumed it"],
  ["↑ ↓", "to the span before, after"],
  ["/", "find a span; Enter goes to the next"],
  ["+ − 0", "zoom in, out, show everything"],
  ["f", "fold or unfold the agents"],
  ["Esc", "select nothing"],
];

function line(className: string): SVGSVGElement {
  return svg(
    "svg",
    { class: `sample ${className}`, viewBox: "0 0 28 10", "aria-hidden": "true" },
    svg("path", { class: "line", d: "M1 5H20", "marker-end": "url(#arrow)" }),
  );
}

function badge(which: "error" | "unlinked"): SVGSVGElement {
  const mark = drawBadge(which, 0);
  return svg("svg", { class: "icon", viewBox: "-10 7 20 20" }, mark);
}

export function showLegend(): void {
  const kinds: Kind[] = ["llm", "tool", "handoff", "guardrail"];
  part("legend").replaceChildren(
    ...kinds.map((kind) => html("span", {}, icon(kind), KIND_NAMES[kind])),
    html("span", {}, line("exact"), "exact"),
    html("span", {}, line("inferred"), "inferred"),
    html("span", { class: "thick" }, "critical path"),
    html("span", {}, badge("error"), "failed"),
    html("span", {}, badge("unlinked"), "not linked"),
  );
}

export function showAbout(report: Report): void {
  const keys = KEYS.flatMap(([key, does]) => [
    html("dt", {}, html("kbd", {}, key)),
    html("dd", {}, does),
  ]);
  part("about").replaceChildren(
    html("dl", {}, ...keys),
    html(
      "p",
      {},
      `Made by ${short(report.producer)}. The picture is laid out by elkjs ` +
        "@ELK_VERSION@ (Eclipse Layout Kernel), Eclipse Public License 2.0; its " +
        "source is at https://github.com/kieler/elkjs. It comes without warranty.",
    ),
  );
}
