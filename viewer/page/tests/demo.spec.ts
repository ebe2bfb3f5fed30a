// The report of the demo as the command makes it: what a reader gets.

import { readFileSync } from "node:fs";
import type { Report } from "../src/data";
import { demo, expect, run, test } from "./fixtures";

interface EngineLink {
  span_id: string;
  linked_span_id: string;
  kind: string;
  tool_call_id: string | null;
}

function engineLinks(): string[] {
  return run("link", "--json", demo)
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as EngineLink)
    .filter((link) => link.span_id)
    .map((l) => `${l.linked_span_id} > ${l.span_id} ${l.kind} ${l.tool_call_id}`)
    .sort();
}

function dataIn(html: string): Report {
  const block = /<script type="application\/json" id="spanlink-data">(.*?)<\/script>/s;
  return JSON.parse(block.exec(html)![1]!) as Report;
}

test("the picture has exactly the links of the engine", async ({ report, page }) => {
  const html = await report.openDemo();
  const { spans, links } = dataIn(html).traces[0]!;
  const drawn = await page
    .locator(".edge")
    .evaluateAll((edges) => edges.map((e) => (e as SVGElement).dataset["links"]!));
  const told = drawn.flatMap((numbers) => numbers.split(" ")).map((number) => {
    const { from, to, kind, id } = links[Number(number)]!;
    return `${spans[from]!.id} > ${spans[to]!.id} ${kind} ${id}`;
  });
  expect(told.sort()).toEqual(engineLinks());
  // The line of each ends at the nodes that it names.
  for (const number of drawn) {
    const { from, to } = links[Number(number)]!;
    const line = await report.edge(Number(number)).locator(".line").boundingBox();
    const left = await report.node(from).boundingBox();
    const right = await report.node(to).boundingBox();
    expect(Math.abs(line!.x - (left!.x + left!.width))).toBeLessThan(6);
    expect(Math.abs(line!.x + line!.width - right!.x)).toBeLessThan(6);
  }
});

test("two agents have lanes, one hands over to the other", async ({ report, page }) => {
  await report.openDemo();
  await expect(page.locator(".lane-name")).toHaveText(["Front Desk", "Trip Planner"]);
  await expect(page.locator(".node.handoff")).toHaveCount(1);
  await page.locator(".node.handoff").click();
  const [by] = await report.listed("Produced by");
  const [to] = await report.listed("Consumed by");
  const lanes = await page.locator(".lane rect").evaluateAll((all) =>
    all.map((one) => one.getBoundingClientRect().toJSON() as DOMRect),
  );
  const above = await report.node(by!).boundingBox();
  const below = await report.node(to!).boundingBox();
  expect(above!.y).toBeGreaterThan(lanes[0]!.y);
  expect(above!.y).toBeLessThan(lanes[0]!.bottom);
  expect(below!.y).toBeGreaterThan(lanes[1]!.y);
});

test("parallel calls fork from one answer and join in the next", async ({ report, page }) => {
  const html = await report.openDemo();
  const { spans, calls } = dataIn(html).traces[0]!;
  const weather = spans.flatMap((s, i) => (s.label === "get_weather" ? [i] : []));
  expect(weather).toHaveLength(3);
  const ids: string[] = [];
  for (const span of weather) {
    await report.node(span).click();
    const [producer] = await report.listed("Produced by");
    expect(spans[producer!]!.kind).toBe("llm");
    expect(await report.listed("Consumed by")).toHaveLength(1);
    ids.push((await report.details.locator("dd code").nth(1).textContent())!);
  }
  expect(ids.sort()).toEqual(["call_lisbon_1", "call_lisbon_2", "call_porto"]);
  const forking = calls.find((call) => call.tool === "find_trains")!.llm;
  await expect(report.node(forking).locator(".port")).toHaveCount(4);
  const at = await Promise.all(weather.map((span) => report.node(span).boundingBox()));
  expect(new Set(at.map((box) => Math.round(box!.y))).size).toBe(3);
  await expect(page.locator(".node.guardrail")).toHaveCount(2);
});

test("the file is small, and has all that it needs in it", async ({ report }) => {
  const html = await report.openDemo();
  expect(Buffer.byteLength(html)).toBeLessThan(1_000_000);
  expect(html).toContain("Content-Security-Policy");
  expect(html).not.toMatch(/<script[^>]+src=|<link[^>]+href="(?!data:,)/);
});

test("the report of the demo has no content", async ({ report }) => {
  const html = await report.openDemo();
  expect(readFileSync(demo, "utf8")).toContain("WR-204");
  expect(html).not.toContain("WR-204");
});

for (const scheme of ["light", "dark"] as const) {
  test(`the demo looks as it did, ${scheme}`, async ({ report, page }) => {
    await page.emulateMedia({ colorScheme: scheme, reducedMotion: "reduce" });
    await report.openDemo();
    await report.node(18).click();
    await page.mouse.move(2, 2);
    await expect(page).toHaveScreenshot(`demo-${scheme}.png`);
  });
}
