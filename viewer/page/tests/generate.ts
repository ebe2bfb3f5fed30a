// Traces of any size for the tests.

import type { Call, Kind, Link, Report, Span, Trace } from "../src/data";

/** A report around traces. */
export function reportOf(...traces: Trace[]): Report {
  return {
    version: 1,
    producer: "spanlink test",
    files: ["test.json"],
    with_content: false,
    traces,
  };
}

/** Builds a trace span by span; each takes a millisecond. */
export class TraceBuilder {
  private readonly spans: Span[] = [];
  private readonly calls: Call[] = [];
  private readonly links: Link[] = [];
  private time = 0;

  constructor(
    private readonly agents: string[],
    private readonly id = "0af7651916cd43dd8448eb211c80319c",
  ) {}

  span(kind: Kind, label: string, agent: number | null, more: Partial<Span> = {}): number {
    const start = (this.time += 1e6);
    const id = (0xabcdef000000 + this.spans.length).toString(16).padStart(16, "0");
    this.spans.push({
      id,
      parent: null,
      name: label,
      kind,
      label,
      agent,
      start,
      end: start + 1e6,
      error: false,
      critical: false,
      dialect: "genai",
      ...more,
    });
    return this.spans.length - 1;
  }

  link(from: number, to: number, kind: string, more: Partial<Link> = {}): void {
    this.links.push({
      from,
      to,
      call: null,
      kind,
      evidence: "tool_call_id",
      attempt: 1,
      tool: "",
      id: null,
      why: "both sides carry the id of the call",
      ...more,
    });
  }

  call(llm: number, tool: string, id: string | null): number {
    this.calls.push({ llm, tool, id });
    return this.calls.length - 1;
  }

  /** An answer of `llm` that calls a tool, which runs. */
  toolCall(llm: number, tool: string, more: Partial<Span> = {}): number {
    const id = `call_${this.calls.length}`;
    const call = this.call(llm, tool, id);
    const ran = this.span("tool", tool, this.spans[llm]!.agent, more);
    this.link(llm, ran, "tool_choice", { call, id, tool });
    return ran;
  }

  build(): Trace {
    const count = (kind: Kind) => this.spans.filter((s) => s.kind === kind).length;
    return {
      id: this.id,
      counts: {
        spans: this.spans.length,
        llm: count("llm"),
        tool: count("tool"),
        handoff: count("handoff"),
        guardrail: count("guardrail"),
        links: this.links.length,
        unlinked: this.spans.filter((span) => span.unlinked).length,
        errors: this.spans.filter((span) => span.error).length,
        folded: count("agent") + count("other"),
      },
      duration_ns: this.time + 1e6,
      agents: this.agents,
      spans: this.spans,
      calls: this.calls,
      links: this.links,
      outside: 0,
    };
  }
}

const TOOLS = ["search_flights", "get_weather", "convert_currency", "read_page"];

/** Agents that take turns: an answer, `width` calls at once, the next answer. */
export function longTrace(spans: number, agents: number, width = 3): Trace {
  const names = Array.from({ length: agents }, (_, nth) => `Agent ${nth + 1}`);
  const builder = new TraceBuilder(names);
  let made = 0;
  let results: number[] = [];
  let agent = 0;
  while (made < spans) {
    const llm = builder.span("llm", "chat", agent, { critical: made % 3 === 0 });
    for (const result of results) {
      const evidence = made % 5 === 0 ? "name" : "tool_call_id";
      builder.link(result, llm, "tool_result", { evidence, tool: "x" });
    }
    results = [];
    made++;
    for (let nth = 0; nth < width && made < spans; nth++, made++) {
      const error = made % 97 === 0;
      const tool = TOOLS[(made + nth) % TOOLS.length]!;
      results.push(builder.toolCall(llm, tool, { error }));
    }
    if (made % 40 < width + 1 && agents > 1) {
      const call = builder.call(llm, "transfer", "call_transfer");
      const handoff = builder.span("handoff", "hand over", agent);
      builder.link(llm, handoff, "handoff_choice", { call, evidence: "handoff" });
      made++;
      results = [handoff];
      agent = (agent + 1) % agents;
    }
  }
  return builder.build();
}
