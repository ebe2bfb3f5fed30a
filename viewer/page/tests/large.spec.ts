// Sizes, and several traces in one report.

import { expect, test } from "./fixtures";
import { longTrace, reportOf, TraceBuilder } from "./generate";
import { smallTrace } from "./small";

test("300 spans are drawn one by one", async ({ report, page }) => {
  const trace = longTrace(295, 3);
  await report.open(reportOf(trace));
  await expect(page.locator(".node.group")).toHaveCount(0);
  expect(await page.locator(".node").count()).toBeGreaterThan(290);
  // Big enough to be read.
  const box = (await report.node(0).boundingBox())!;
  expect(box.height).toBeGreaterThan(25);
  // Each is in the lane of its agent.
  const lanes = await page
    .locator(".lane rect")
    .evaluateAll((all) => all.map((one) => one.getBoundingClientRect().toJSON() as DOMRect));
  const ends = await page.locator(".node").evaluateAll((nodes) =>
    nodes.map((node) => {
      const { top, bottom } = node.getBoundingClientRect();
      return { span: Number((node as SVGElement).dataset["span"]), top, bottom };
    }),
  );
  for (const { span, top, bottom } of ends) {
    const lane = lanes[trace.spans[span]!.agent!]!;
    expect(top > lane.top && bottom < lane.bottom, `span ${span}`).toBe(true);
  }
  // Nodes do not cover one another.
  const boxes = await page
    .locator(".node .shape")
    .evaluateAll((all) => all.map((one) => one.getBoundingClientRect().toJSON() as DOMRect));
  boxes.sort((a, b) => a.x - b.x);
  boxes.forEach((one, nth) => {
    for (const other of boxes.slice(nth + 1)) {
      if (other.x >= one.right) break;
      expect(other.y >= one.bottom || other.bottom <= one.y).toBe(true);
    }
  });
});

test("3,000 spans come folded, and the page answers", async ({ report, page }) => {
  await report.open(reportOf(longTrace(3000, 5)));
  expect(await page.locator(".node").count()).toBeLessThan(60);
  await expect(page.locator(".node.group .detail").first()).toContainText("×");
  expect(await report.timeline.locator(".row").count()).toBeLessThan(100);
  const started = Date.now();
  await report.timeline.focus();
  await page.keyboard.press("End");
  await expect(report.row(3000)).toHaveClass(/selected/);
  await expect(page.locator(".node.selected")).toHaveCount(1);
  expect(Date.now() - started).toBeLessThan(3000);
  await page.keyboard.press("0");
  await page.locator(".node.llm.group").first().click();
  await expect(report.details.locator("h3")).toContainText("Spans");
});

test("one agent of 3,000 spans unfolds, others stay folded", async ({ report, page }) => {
  await report.open(reportOf(longTrace(3000, 5)));
  await page.locator(".lane-title").first().click();
  await report.drawn(2);
  await expect(page.locator('.lane-title[aria-expanded="true"]')).toHaveCount(1);
  await expect(page.locator(".node:not(.group)").first()).toBeVisible();
  await report.timeline.focus();
  await page.keyboard.press("Home");
  await expect(page.locator(".node.selected")).not.toHaveClass(/group/);
  await page.keyboard.press("End");
  await expect(page.locator(".node.selected")).toHaveCount(1);
});

test("all of 3,000 spans unfold, and the page answers meanwhile", async ({ report, page }) => {
  test.setTimeout(120_000);
  await report.open(reportOf(longTrace(3000, 5)));
  await page.evaluate(() => {
    const gaps = window as unknown as { worst: number };
    gaps.worst = 0;
    let last = performance.now();
    const tick = () => {
      const now = performance.now();
      // Only while the layout runs: drawing 3,000 nodes takes its time.
      const busy = document.getElementById("note")!.textContent !== "";
      if (busy) gaps.worst = Math.max(gaps.worst, now - last);
      last = now;
      setTimeout(tick, 10);
    };
    tick();
  });
  await page.keyboard.press("f");
  await expect(page.locator("#note")).toContainText(/Laying out 3,0\d\d nodes… \d+ %/);
  await page.waitForFunction(() => document.body.dataset["drawn"] === "2", null, {
    timeout: 100_000,
  });
  expect(await page.evaluate(() => (window as unknown as { worst: number }).worst)).toBeLessThan(
    1500,
  );
  await expect(page.locator("#note")).toBeEmpty();
  // Only what is in sight is in the document; all of it at once as a sketch.
  const inSight = await page.locator(".node:not(.group)").count();
  expect(inSight).toBeGreaterThan(5);
  expect(inSight).toBeLessThan(300);
  await page.keyboard.press("0");
  await expect(page.locator(".sketch path")).not.toHaveCount(0);
  const drawn = await page
    .locator(".sketch .shape")
    .evaluateAll((paths) => paths.map((path) => path.getAttribute("d")!).join(""));
  expect(drawn.match(/M/g)!.length).toBeGreaterThan(2900);
  const started = Date.now();
  await page.keyboard.press("ArrowDown");
  await expect(report.details.locator("h2")).toHaveText("chat");
  await page.keyboard.press("ArrowRight");
  await expect(report.details.locator("h2")).toHaveText("get_weather");
  await expect(page.locator(".node.selected .name")).toBeInViewport();
  expect(Date.now() - started).toBeLessThan(3000);
});

test("many names share one node when folded", async ({ report, page }) => {
  const builder = new TraceBuilder(["Agent"]);
  const llm = builder.span("llm", "chat", 0);
  for (let nth = 0; nth < 400; nth++) builder.toolCall(llm, `tool_${nth}`);
  await report.open(reportOf(builder.build()));
  await expect(page.locator(".node.tool")).toHaveCount(13);
  await expect(page.locator(".node", { hasText: "others" })).toContainText("×388");
});

test("several traces: a list with counts, then each, and back", async ({ report, page }) => {
  const second = { ...longTrace(40, 2), id: "second trace" };
  await report.open(reportOf(smallTrace(), second));
  await expect(page.getByRole("heading", { name: "2 traces" })).toBeVisible();
  const cells = page.locator("tbody tr").first().locator("td");
  await expect(cells).toHaveText(["10 ms", "9", "3", "3", "1", "1", "7", "1", "1"]);
  await page.getByRole("button", { name: "second trace" }).click();
  await report.drawn();
  await expect(page.locator("#title")).toContainText("second trace");
  await expect(page.locator(".lane-name")).toHaveText(["Agent 1"]);
  await page.goBack();
  await expect(page.getByRole("heading", { name: "2 traces" })).toBeVisible();
  await page.locator(".open").first().click();
  await expect(page.locator(".node")).toHaveCount(8);
  await page.getByRole("button", { name: "spanlink" }).click();
  await expect(page.locator("#trace-list")).toBeVisible();
});

test("a thousand traces are listed in parts", async ({ report, page }) => {
  await report.open(reportOf(...Array.from({ length: 1000 }, () => smallTrace())));
  await expect(page.locator("tbody tr")).toHaveCount(500);
  await page.getByRole("button", { name: "Show 500 more" }).click();
  await expect(page.locator("tbody tr")).toHaveCount(1000);
});
