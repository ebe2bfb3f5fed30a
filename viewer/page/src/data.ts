// The data of the report, as `spanlink view --format json` writes it, and what
// the page derives from it.

export type Kind =
  | "llm"
  | "tool"
  | "handoff"
  | "guardrail"
  | "agent"
  | "other";

export interface Unlinked {
  code: string;
  why: string;
  what_to_do: string;
}

export interface Span {
  id: string;
  parent: number | null;
  name: string;
  kind: Kind;
  label: string;
  agent: number | null;
  start: number | null;
  end: number | null;
  error: boolean;
  critical: boolean;
  dialect: string;
  unlinked?: Unlinked[];
  choices?: number;
  content?: { input?: string; output?: string };
}

export interface Call {
  llm: number;
  tool: string;
  id: string | null;
}

export interface Link {
  from: number;
  to: number;
  call: number | null;
  kind: string;
  evidence: string;
  attempt: number;
  tool: string;
  id: string | null;
  why: string;
}

export interface Counts {
  spans: number;
  llm: number;
  tool: number;
  handoff: number;
  guardrail: number;
  links: number;
  unlinked: number;
  errors: number;
  folded: number;
}

export interface Trace {
  id: string;
  counts: Counts;
  duration_ns: number | null;
  agents: string[];
  spans: Span[];
  calls: Call[];
  links: Link[];
  outside: number;
}

export interface Report {
  version: number;
  producer: string;
  files: string[];
  with_content: boolean;
  traces: Trace[];
}

/** Reads the report out of the page's data block. */
export function readReport(): Report {
  const text = document.getElementById("spanlink-data")?.textContent ?? "";
  const report = JSON.parse(text) as Report;
  if (report.version !== 1) {
    throw new Error(`data of version ${report.version}; this page reads 1`);
  }
  for (const trace of report.traces) {
    for (const span of trace.spans) {
      if (!KINDS.has(span.kind)) span.kind = "other";
    }
  }
  return report;
}

const KINDS = new Set(["llm", "tool", "handoff", "guardrail", "agent", "other"]);
const EXACT = new Set(["tool_call_id", "arguments", "handoff", "structure"]);

export function isExact(link: Link): boolean {
  return EXACT.has(link.evidence);
}

/** Agents, frameworks' steps and the like have no node in the graph. */
export function isDrawn(span: Span): boolean {
  return span.kind !== "agent" && span.kind !== "other";
}

/** The links of a trace by the spans at their ends, as indices. */
export class LinkIndex {
  private readonly into: number[][];
  private readonly outOf: number[][];

  constructor(private readonly trace: Trace) {
    this.into = trace.spans.map(() => []);
    this.outOf = trace.spans.map(() => []);
    trace.links.forEach((link, index) => {
      this.into[link.to]?.push(index);
      this.outOf[link.from]?.push(index);
    });
  }

  producing(span: number): number[] {
    return this.into[span] ?? [];
  }

  consuming(span: number): number[] {
    return this.outOf[span] ?? [];
  }

  /** Every span that led to this one, itself included. */
  chainBehind(span: number): Set<number> {
    const chain = new Set([span]);
    for (const member of chain) {
      for (const link of this.producing(member)) {
        chain.add(this.trace.links[link]!.from);
      }
    }
    return chain;
  }
}
