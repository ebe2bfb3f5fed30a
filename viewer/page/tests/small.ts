// A small trace with one of everything.

import type { Trace } from "../src/data";
import { TraceBuilder } from "./generate";

export const SECRET = "the prompt of somebody";

/** Spans by number: see the comments. */
export function smallTrace(): Trace {
  const b = new TraceBuilder(["Desk", "Planner"]);
  const run = b.span("agent", "run", 0); // 0
  const guard = b.span("guardrail", "about_travel", 0, { parent: run }); // 1
  const first = b.span("llm", "first answer", 0, { parent: run, critical: true }); // 2
  b.link(guard, first, "input_guardrail", { evidence: "structure" }); // link 0
  const weather = b.toolCall(first, "get_weather", { parent: run }); // 3, link 1
  const trains = b.toolCall(first, "find_trains", { parent: run, error: true }); // 4, link 2
  b.call(first, "never_ran", "call_open"); // call 2
  const second = b.span("llm", "second answer", 0, {
    parent: run,
    critical: true,
    content: { input: SECRET, output: '{"answer": 42}' },
  }); // 5
  b.link(weather, second, "tool_result", { id: "call_0", tool: "get_weather" }); // link 3
  b.link(trains, second, "tool_result", {
    evidence: "name",
    tool: "find_trains",
    why: "only one call it can be",
  }); // link 4
  const call = b.call(second, "transfer_to_planner", "call_handoff");
  const handoff = b.span("handoff", "hand over", 0, { parent: run }); // 6
  b.link(second, handoff, "handoff_choice", { call, id: "call_handoff", evidence: "handoff" }); // 5
  const third = b.span("llm", "third answer", 1); // 7
  b.link(handoff, third, "handoff_result", { evidence: "handoff" }); // link 6
  b.span("tool", "stray", 1, {
    unlinked: [
      {
        code: "no_choice",
        why: "No answer in this trace calls stray.",
        what_to_do: "Record what the model answered.",
      },
    ],
  }); // 8
  return b.build();
}
