// What is selected, and what is lit up with it.

import type { LinkIndex, Trace } from "./data";

export type Selection =
  | { what: "nothing" }
  | { what: "span"; span: number }
  | { what: "link"; link: number }
  | { what: "spans"; spans: number[]; title: string }
  | { what: "links"; links: number[] };

export const NOTHING: Selection = { what: "nothing" };

export interface Lit {
  chosen: Set<number>; // spans
  spans: Set<number>;
  links: Set<number>;
}

/** A span lights the whole chain behind it, and what used it. */
export function litBy(trace: Trace, index: LinkIndex, selected: Selection): Lit {
  const lit: Lit = { chosen: new Set(), spans: new Set(), links: new Set() };
  switch (selected.what) {
    case "nothing":
      break;
    case "span":
      lit.chosen.add(selected.span);
      lightChain(trace, index, selected.span, lit);
      break;
    case "link":
      lightLink(trace, selected.link, lit);
      break;
    case "links":
      for (const link of selected.links) lightLink(trace, link, lit);
      break;
    case "spans":
      for (const span of selected.spans) {
        lit.chosen.add(span);
        lit.spans.add(span);
        for (const link of index.producing(span)) lightLink(trace, link, lit);
        for (const link of index.consuming(span)) lightLink(trace, link, lit);
      }
  }
  return lit;
}

function lightChain(trace: Trace, index: LinkIndex, span: number, lit: Lit): void {
  for (const member of index.chainBehind(span)) {
    lit.spans.add(member);
    for (const link of index.producing(member)) lit.links.add(link);
  }
  for (const link of index.consuming(span)) lightLink(trace, link, lit);
}

function lightLink(trace: Trace, link: number, lit: Lit): void {
  const { from, to } = trace.links[link]!;
  lit.links.add(link);
  lit.spans.add(from);
  lit.spans.add(to);
}
