// Words for what the data has codes for.

import { isExact } from "./data";
import type { Kind, Link, Span, Trace } from "./data";
import { duration, plural, short } from "./text";

export const KIND_NAMES: Record<Kind, string> = {
  llm: "LLM",
  tool: "Tool",
  handoff: "Handoff",
  guardrail: "Guardrail",
  agent: "Agent",
  other: "Step",
};

const LINK_NAMES: Record<string, string> = {
  tool_choice: "Tool call",
  tool_result: "Tool result",
  handoff_choice: "Handoff call",
  handoff_result: "Handoff",
  input_guardrail: "Input guardrail",
  output_guardrail: "Output guardrail",
};

/** The kind of a link as a class: nothing that is not known. */
export function linkClass(kind: string): string {
  return Object.hasOwn(LINK_NAMES, kind) ? kind : "";
}

export function linkName(link: Link): string {
  return LINK_NAMES[linkClass(link.kind)] ?? short(link.kind);
}

export function evidenceName(link: Link): string {
  return short(link.evidence).replaceAll("_", " ");
}

export function certainty(link: Link): string {
  return isExact(link) ? "exact" : "inferred";
}

/** What a person calls the span. */
export function nameOf(span: Span): string {
  return span.label || span.name || "no name";
}

export function agentOf(trace: Trace, span: Span): string | null {
  const name = span.agent === null ? null : trace.agents[span.agent];
  return name ? name : null;
}

export function timeOf(span: Span): string {
  if (span.start === null || span.end === null) return "time unknown";
  return duration(span.end - span.start);
}

/** What is seen of a span without words, for those who hear the page. */
export function unwritten(trace: Trace, span: Span): string {
  const agent = agentOf(trace, span);
  return [
    KIND_NAMES[span.kind],
    agent ? ` of ${short(agent)}` : "",
    span.unlinked ? ", not linked" : "",
    span.critical ? ", on the critical path" : "",
    ": ",
  ].join("");
}

/** What a trace holds, as a list of words. */
export function inventory(trace: Trace): string[] {
  const { counts } = trace;
  return [
    plural(counts.spans, "span"),
    plural(counts.llm, "LLM call"),
    plural(counts.tool, "tool call"),
    counts.handoff > 0 ? plural(counts.handoff, "handoff") : "",
    counts.guardrail > 0 ? plural(counts.guardrail, "guardrail") : "",
    plural(counts.links, "link"),
  ].filter(Boolean);
}
