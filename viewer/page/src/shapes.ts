// The outline that tells the kinds of spans apart without colour.

import type { Kind } from "./data";
import { svg } from "./dom";

/** A closed path of this kind's shape in a box at the origin. */
export function outline(kind: Kind, width: number, height: number): string {
  const [w, h] = [width, height];
  const point = Math.min(14, w / 4, h / 2);
  switch (kind) {
    case "llm":
      return rounded(w, h, Math.min(14, h / 2));
    case "handoff":
      return `M3 0H${w - point}L${w} ${Math.min(h, 50) / 2}L${w - point} ${h}H3Q0 ${h} 0 ${h - 3}V3Q0 0 3 0Z`;
    case "guardrail":
      return `M${point} 0H${w - point}L${w} ${h / 2}L${w - point} ${h}H${point}L0 ${h / 2}Z`;
    case "agent":
      return `M${w / 2} 0L${w} ${h / 2}L${w / 2} ${h}L0 ${h / 2}Z`;
    case "other":
      return `M${w / 4} ${h / 2 - 1}H${w * 0.75}V${h / 2 + 1}H${w / 4}Z`;
    case "tool":
      return rounded(w, h, Math.min(2, h / 4));
  }
}

function rounded(w: number, h: number, r: number): string {
  return (
    `M${r} 0H${w - r}Q${w} 0 ${w} ${r}V${h - r}Q${w} ${h} ${w - r} ${h}` +
    `H${r}Q0 ${h} 0 ${h - r}V${r}Q0 0 ${r} 0Z`
  );
}

/** The shape, small, beside a name. */
export function icon(kind: Kind): SVGSVGElement {
  return svg(
    "svg",
    { class: `icon ${kind}`, viewBox: "-1 -1 18 14", "aria-hidden": "true" },
    svg("path", { d: outline(kind, 16, 12) }),
  );
}
