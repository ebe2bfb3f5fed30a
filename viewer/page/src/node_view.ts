// Draws one node: its shape, its name, a port for each of its calls.

import type { Span, Trace } from "./data";
import { svg } from "./dom";
import type { GraphNode } from "./graph";
import { HEAD_HEIGHT, portY } from "./layout";
import type { Box } from "./layout";
import { outline } from "./shapes";
import { fit, short } from "./text";
import { KIND_NAMES, timeOf, unwritten } from "./words";

const NAME_FONT = "600 13px system-ui, sans-serif";
const SMALL_FONT = "11.5px system-ui, sans-serif";

export interface NodeContext {
  trace: Trace;
  isUsed: (call: number) => boolean; // a span ran it
}

export function drawNode(
  node: GraphNode,
  box: Box,
  context: NodeContext,
): SVGGElement {
  const spans = node.spans.map((index) => context.trace.spans[index]!);
  const element = svg("g", {
    class: classesOf(node, spans),
    transform: `translate(${box.x} ${box.y})`,
    role: "button",
    tabindex: -1,
    "data-key": node.key,
    "data-kind": node.kind,
    "data-span": node.group ? undefined : node.spans[0],
  });
  const heard = node.group
    ? `${KIND_NAMES[node.kind]}, folded: `
    : unwritten(context.trace, spans[0]!);
  element.append(svg("text", { class: "heard" }, heard));
  const shape = outline(node.kind, box.width, box.height);
  if (node.group) {
    element.append(svg("path", { class: "behind", d: shape }));
  }
  element.append(svg("path", { class: "shape", d: shape }));
  const left = node.kind === "guardrail" ? 20 : 14;
  const badges = badgesOf(spans);
  const room = box.width - left - 14 - badges.length * 18;
  element.append(
    text("name", left, 21, fit(node.label, room, NAME_FONT)),
    text("detail", left, 38, fit(detailOf(node, spans), room, SMALL_FONT)),
    ...badges.map((badge, nth) => drawBadge(badge, box.width - 18 - nth * 20)),
  );
  if (node.calls.length > 0) {
    element.append(
      svg("path", { class: "rule", d: `M0 ${HEAD_HEIGHT - 3}H${box.width}` }),
    );
  }
  node.calls.forEach((call, nth) => {
    element.append(drawPort(call, box.width, portY(nth), context));
  });
  return element;
}

function classesOf(node: GraphNode, spans: Span[]): string {
  return [
    "node",
    node.kind,
    node.group ? "group" : "",
    spans.some((span) => span.error) ? "error" : "",
    spans.some((span) => span.critical) ? "critical" : "",
    spans.some((span) => span.unlinked) ? "unlinked" : "",
  ]
    .filter(Boolean)
    .join(" ");
}

function detailOf(node: GraphNode, spans: Span[]): string {
  if (node.group) {
    const failed = spans.filter((span) => span.error).length;
    const unlinked = spans.filter((span) => span.unlinked).length;
    return [
      `×${spans.length}`,
      failed > 0 ? `${failed} failed` : "",
      unlinked > 0 ? `${unlinked} not linked` : "",
    ]
      .filter(Boolean)
      .join(" · ");
  }
  const span = spans[0]!;
  return [span.error ? "failed" : "", timeOf(span), node.ran ?? ""]
    .filter(Boolean)
    .join(" · ");
}

type Badge = "error" | "unlinked";

function badgesOf(spans: Span[]): Badge[] {
  const badges: Badge[] = [];
  if (spans.some((span) => span.error)) badges.push("error");
  if (spans.some((span) => span.unlinked)) badges.push("unlinked");
  return badges;
}

/** A triangle with `!` for an error, a circle with `?` for no link. */
export function drawBadge(badge: Badge, x: number): SVGGElement {
  const shape =
    badge === "error"
      ? svg("path", { d: "M0 -8L9 7H-9Z" })
      : svg("circle", { r: 8 });
  const sign = badge === "error" ? "!" : "?";
  const mark = svg("text", { y: badge === "error" ? 5 : 4 }, sign);
  const name = badge === "error" ? "failed" : "not linked";
  return svg(
    "g",
    { class: `badge ${badge}`, transform: `translate(${x} 17)` },
    svg("title", {}, name),
    shape,
    mark,
  );
}

function drawPort(
  index: number,
  width: number,
  y: number,
  context: NodeContext,
): SVGGElement {
  const call = context.trace.calls[index]!;
  const used = context.isUsed(index);
  const label = fit(call.tool, width - 30, SMALL_FONT);
  const id = call.id === null ? "no id" : short(call.id);
  return svg(
    "g",
    { class: used ? "port" : "port open", "data-call": index },
    svg(
      "title",
      {},
      `${short(call.tool)}: ${id}${used ? "" : "; no span is known to have run it"}`,
    ),
    text("detail port-name", width - 14, y + 4, label),
    svg("circle", { cx: width, cy: y, r: 4 }),
  );
}

function text(className: string, x: number, y: number, of: string): SVGElement {
  return svg("text", { class: className, x, y }, of);
}
