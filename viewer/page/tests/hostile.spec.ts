// Whoever wrote the trace may mean harm: strings stay strings.

import { expect, test } from "./fixtures";
import { reportOf, TraceBuilder } from "./generate";
import { smallTrace } from "./small";

const NAMES = [
  "</script><script>window.owned = 1</script>",
  "<img src=x onerror='window.owned = 1'>",
  "<!-- <script>",
  "\u202Egnirts desrever\u202C",
  "\u2066isolated and never ended",
  "line\nbreak\u0000and\u0007bell\u001b[31m",
  "javascript:alert(1)",
  "@DATA@ $& $' $1 %s {{x}}",
  "مرحبا بالعالم",
  "\u{1F9D1}\u200D\u{1F680} \uD800 lone",
  "",
];

test("names do not become elements, nor turn the text around them", async ({ report, page }) => {
  const builder = new TraceBuilder(NAMES);
  NAMES.forEach((name, nth) => {
    const llm = builder.span("llm", name, nth, { name, dialect: name });
    const tool = builder.toolCall(llm, name || "x", { name });
    builder.link(tool, llm, name, { evidence: name, why: name, id: name, tool: name });
  });
  const trace = builder.build();
  trace.spans[0]!.unlinked = [{ code: NAMES[0]!, why: NAMES[0]!, what_to_do: NAMES[1]! }];
  trace.spans[0]!.content = { input: NAMES[0]!, output: NAMES[3]! };
  await report.open({ ...reportOf(trace), files: [NAMES[0]!], producer: NAMES[0]! });
  await expect(page.locator(".node")).toHaveCount(2 * NAMES.length);
  for (let span = 0; span < trace.spans.length; span++) {
    await report.row(span).click();
    await expect(report.details.locator("h2")).toBeVisible();
  }
  await report.row(0).click();
  for (const summary of await report.details.locator("summary").all()) await summary.click();
  expect(await page.evaluate(() => (window as unknown as { owned?: number }).owned)).toBeUndefined();
  await expect(page.locator("img, iframe, object, a")).toHaveCount(0);
  await expect(page.locator("script")).toHaveCount(3);
  const shown = await page.evaluate(() => {
    const attributes = [...document.querySelectorAll("body *:not(script)")].flatMap((e) =>
      e.getAttributeNames().map((name) => e.getAttribute(name)),
    );
    document.querySelectorAll("script, style").forEach((e) => e.remove());
    return document.body.textContent + attributes.join("");
  });
  expect(shown).not.toMatch(/[\u202a-\u202e\u2066-\u2069\u0000-\u0008\u001b]/);
  expect(shown).toContain("‹U+202E›gnirts desrever");
  expect(shown).toContain("مرحبا بالعالم");
});

test("the policy lets no other script run and nothing be fetched", async ({ report, page }) => {
  await report.open(reportOf(smallTrace()));
  const policy = await page.locator("meta[http-equiv]").getAttribute("content");
  expect(policy).toContain("default-src 'none'");
  expect(policy).not.toMatch(/unsafe|https?:|\*/);
  const ran = await page.evaluate(async () => {
    const script = document.createElement("script");
    script.textContent = "window.owned = 1";
    document.body.append(script);
    const fetched = await fetch("data:,x").then(() => "fetched", () => "refused");
    return [String((window as unknown as { owned?: number }).owned), fetched];
  });
  expect(ran).toEqual(["undefined", "refused"]);
  // The browser says that it refused both.
  expect(report.problems.length).toBeGreaterThan(1);
  report.problems.length = 0;
});

test("a name of a megabyte is shortened everywhere", async ({ report, page }) => {
  const name = "n".repeat(1_000_000);
  const trace = smallTrace();
  trace.agents[0] = name;
  trace.id = name;
  for (const span of trace.spans) span.label = span.name = span.id = span.dialect = name;
  for (const call of trace.calls) call.tool = call.id = name;
  for (const link of trace.links) link.tool = link.id = link.why = name;
  await report.open({ ...reportOf(trace), files: [name] });
  await report.row(5).click();
  await report.details.locator(".why").first().click();
  const longest = await page.evaluate(() => {
    const texts = [...document.querySelectorAll("body *:not(script)")].flatMap((e) => [
      ...[...e.childNodes].filter((n) => n.nodeType === 3).map((n) => n.textContent!.length),
      ...e.getAttributeNames().map((attribute) => e.getAttribute(attribute)!.length),
    ]);
    return Math.max(...texts);
  });
  expect(longest).toBeLessThan(1100);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  expect(wide).toBeLessThanOrEqual(0);
});

test("data that contradicts itself is drawn as far as it goes", async ({ report, page }) => {
  const trace = smallTrace();
  trace.links.push({ ...trace.links[0]!, from: 999, to: 2 });
  trace.links.push({ ...trace.links[1]!, from: 7, to: 8 }); // a call of another span
  trace.links.push({ ...trace.links[0]!, from: 5, to: 2 }); // a circle
  trace.links.push({ ...trace.links[0]!, from: 5, to: 5 });
  trace.spans[3]!.start = trace.spans[3]!.end = null;
  trace.spans[6]!.agent = 77;
  await report.open(reportOf(trace));
  await expect(page.locator("#note")).toBeEmpty();
  await expect(page.locator(".node")).toHaveCount(8);
  await report.row(5).click();
  await expect(report.details.locator("h2")).toHaveText("second answer");
});

test("without a picture the timeline and the details still work", async ({ report, page }) => {
  await report.open(reportOf(smallTrace()), (html) =>
    html.replace(/(id="spanlink-elk">)[^<]*/, "$1H4sIAAAA"),
  );
  await expect(page.locator("#note")).toContainText("No picture");
  await report.row(5).click();
  await expect(report.details.locator("h2")).toHaveText("second answer");
});

test("data of another version is refused in words", async ({ report, page }) => {
  await report.open({ ...reportOf(smallTrace()), version: 2 });
  await expect(page.getByRole("alert")).toContainText("data of version 2");
});

test("a trace without a single drawn span says so", async ({ report, page }) => {
  const builder = new TraceBuilder([]);
  builder.span("other", "GET /", null);
  await report.open(reportOf(builder.build()));
  await expect(page.locator("#note")).toContainText("No LLM, tool, handoff or guardrail span");
  await expect(report.timeline.locator(".row")).toHaveCount(1);
});
