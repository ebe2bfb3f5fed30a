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

export function linkName(link: Link): string {
  return LINK_NAMES[link.kind] ?? short(link.kind);
}

export function evidenceName(link: Link): string {
  return short(link.evidence).replaceAll("_", " ");
}

export function certainty(link: Link): string {
  return isExact(link) ? "exact" : "inferred";
}

export function agentOf(trace: Trace, span: Span): string | null {
  const name = span.agent === null ? null : trace.agents[span.agent];
  return name ? name : null;
}

export function timeOf(span: Span): string {
  if (span.start === null || span.end === null) return "time unknown";
  return duration(span.end - span.start);
}

/** A span in one line, for those who hear the page. */
export function spoken(trace: Trace, span: Span): string {
  const agent = agentOf(trace, span);
  return [
    `${KIND_NAMES[span.kind]} ${short(span.label)}`,
    agent ? `agent ${short(agent)}` : "",
    timeOf(span),
    span.error ? "failed" : "",
    span.unlinked ? "not linked" : "",
    span.critical ? "on the critical path" : "",
  ]
    .filter(Boolean)
    .join(", ");
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
