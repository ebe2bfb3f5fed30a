// Prompts, answers, arguments and results: only where the data has them, and
// only when somebody asks.

import type { Span } from "./data";
import { button, html } from "./dom";
import { lines, plural } from "./text";

const FIRST = 20_000; // characters

export function contentOf(span: Span): HTMLElement[] {
  const parts: HTMLElement[] = [];
  if (span.content?.input !== undefined) {
    parts.push(folded("Input", span.content.input));
  }
  if (span.content?.output !== undefined) {
    parts.push(folded("Output", span.content.output));
  }
  return parts;
}

function folded(title: string, text: string): HTMLElement {
  const box = html("details", { class: "content" }, html("summary", {}, title));
  const fill = () => {
    box.removeEventListener("toggle", fill);
    const shown = html("pre", { dir: "auto", tabindex: 0 }, pretty(text.slice(0, FIRST)));
    shown.setAttribute("aria-label", title);
    box.append(shown);
    if (text.length <= FIRST) return;
    const more = button(
      "more",
      () => {
        shown.textContent = lines(text);
        more.remove();
      },
      `Show all ${plural(text.length, "character")}`,
    );
    box.append(more);
  };
  box.addEventListener("toggle", fill);
  return box;
}

/** JSON with indentation; anything else as it is. */
function pretty(text: string): string {
  if (!/^\s*[[{]/.test(text)) return lines(text);
  try {
    return lines(JSON.stringify(JSON.parse(text), null, 2));
  } catch {
    return lines(text);
  }
}
