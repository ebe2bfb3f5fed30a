// Finds spans by name, agent, id, tool or call id.

import type { Trace } from "./data";
import { part } from "./dom";
import { agentOf, KIND_NAMES } from "./words";

export class Search {
  private readonly field = part<HTMLInputElement>("search");
  private readonly count = part("search-count");
  private texts: string[] = [];
  private found: number[] = [];
  private at = -1;

  constructor(
    private readonly onFound: (found: Set<number> | null) => void,
    private readonly onSelect: (span: number) => void,
  ) {
    this.field.addEventListener("input", () => this.run());
    this.field.addEventListener("keydown", (event) => {
      if (event.key === "Enter") this.step(event.shiftKey ? -1 : 1);
      if (event.key !== "Escape") return;
      event.stopPropagation();
      this.field.value = "";
      this.run();
      this.field.blur();
    });
  }

  focus(): void {
    this.field.focus();
    this.field.select();
  }

  show(trace: Trace): void {
    const parts = trace.spans.map((span) => [
      KIND_NAMES[span.kind],
      span.label.slice(0, 1000),
      span.name.slice(0, 1000),
      span.id,
      agentOf(trace, span) ?? "",
      span.error ? "failed error" : "",
      span.unlinked ? "not linked unlinked" : "",
    ]);
    for (const call of trace.calls) parts[call.llm]?.push(call.id ?? "");
    for (const link of trace.links) {
      if (link.id !== null) parts[link.to]?.push(link.id);
    }
    this.texts = parts.map((part) => part.join("\n").toLowerCase());
    this.field.value = "";
    this.run();
  }

  private run(): void {
    const wanted = this.field.value.trim().toLowerCase();
    this.at = -1;
    this.found = [];
    if (wanted === "") {
      this.count.textContent = "";
      this.onFound(null);
      return;
    }
    this.texts.forEach((text, span) => {
      if (text.includes(wanted)) this.found.push(span);
    });
    const number = this.found.length.toLocaleString("en");
    this.count.textContent = `${number} of ${this.texts.length.toLocaleString("en")}`;
    this.onFound(new Set(this.found));
  }

  private step(by: number): void {
    const { length } = this.found;
    if (length === 0) return;
    this.at = this.at < 0 && by < 0 ? length - 1 : (this.at + by + length) % length;
    this.count.textContent = `${this.at + 1} of ${length.toLocaleString("en")}`;
    this.onSelect(this.found[this.at]!);
  }
}
