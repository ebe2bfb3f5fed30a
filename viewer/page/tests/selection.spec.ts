// What a click shows, and that graph, timeline and details agree.

import { expect, test } from "./fixtures";
import { reportOf } from "./generate";
import { smallTrace } from "./small";

test.beforeEach(async ({ report }) => {
  await report.open(reportOf(smallTrace()));
});

test("a span shows what produced and consumed it", async ({ report }) => {
  await report.node(5).click();
  await expect(report.details.locator("h2")).toHaveText("second answer");
  expect(await report.listed("Produced by")).toEqual([3, 4]);
  expect(await report.listed("Consumed by")).toEqual([6]);
});

test("the whole chain behind a span is lit, and what used it", async ({ report, page }) => {
  await report.node(5).click();
  expect(await report.lit()).toEqual(["s1", "s2", "s3", "s4", "s5", "s6"]);
  await expect(page.locator(".edge.lit")).toHaveCount(6);
  const dimmed = await report.node(8).evaluate((node) => getComputedStyle(node).opacity);
  expect(Number(dimmed)).toBeLessThan(1);
});

test("a line says why it is there", async ({ report, page }) => {
  await expect(report.edge(4).locator("title")).toContainText("only one call it can be");
  await report.edge(4).locator(".reach").dispatchEvent("click");
  await expect(report.details).toContainText("Inferred");
  await expect(report.details).toContainText("only one call it can be");
  expect(await report.listed("From")).toEqual([4]);
  expect(await report.listed("To")).toEqual([5]);
  await expect(page.locator(".edge.lit")).toHaveCount(1);
});

test("a line can be hit with the mouse", async ({ report, page }) => {
  const from = (await report.node(6).boundingBox())!;
  const to = (await report.node(5).boundingBox())!;
  const between = (from.x + to.x + to.width) / 2;
  await page.mouse.click(between, from.y + from.height / 2);
  await expect(report.details.locator("h2")).toHaveText("Handoff call");
});

test("a line looks exact or inferred without colour", async ({ report }) => {
  const dashes = (link: number) =>
    report.edge(link).locator(".line").evaluate((l) => getComputedStyle(l).strokeDasharray);
  expect(await dashes(3)).toBe("none");
  expect(await dashes(4)).not.toBe("none");
});

test("kinds of spans differ in shape", async ({ report }) => {
  const shapes = await Promise.all(
    [1, 3, 6].map((span) => report.node(span).locator(".shape").getAttribute("d")),
  );
  shapes.push(await report.node(7).locator(".shape").getAttribute("d"));
  const letters = shapes.map((shape) => shape!.replace(/[^A-Z]/g, ""));
  letters[1] += "square";
  expect(new Set(letters).size).toBe(4);
});

test("the timeline follows the graph, and the graph the timeline", async ({ report }) => {
  await report.node(3).click();
  await expect(report.row(3)).toHaveAttribute("aria-selected", "true");
  await expect(report.timeline.locator(".arrows path")).toHaveCount(2);
  await report.row(7).click();
  await expect(report.node(7)).toHaveClass(/selected/);
  await expect(report.row(3)).toHaveAttribute("aria-selected", "false");
  await expect(report.details.locator("h2")).toHaveText("third answer");
});

test("rows of steps that are not drawn show their details", async ({ report }) => {
  await report.row(0).click();
  await expect(report.details.locator(".kind")).toHaveText("Agent");
});

test("a failure and the critical path are marked in both", async ({ report }) => {
  await expect(report.node(4)).toHaveClass(/error/);
  await expect(report.node(4).locator(".detail")).toContainText("failed");
  await expect(report.node(4).locator(".badge.error")).toBeVisible();
  await expect(report.row(4)).toContainText("failed");
  const width = (span: number) =>
    report.node(span).locator(".shape").evaluate((s) => parseFloat(getComputedStyle(s).strokeWidth));
  expect(await width(2)).toBeGreaterThan(2 * (await width(3)));
  await expect(report.row(2)).toHaveClass(/critical/);
  await report.node(4).click();
  await expect(report.details).toContainText("This span failed");
});

test("a span without links says why and what to do", async ({ report }) => {
  await expect(report.node(8).locator(".badge.unlinked")).toBeVisible();
  await expect(report.row(8)).toContainText("not linked");
  await expect(report.details).toContainText("Not linked");
  await report.node(8).click();
  await expect(report.details).toContainText("No answer in this trace calls stray.");
  await expect(report.details).toContainText("Record what the model answered.");
});

test("a span without links stands behind what ran before it", async ({ report }) => {
  const third = (await report.node(7).boundingBox())!;
  const stray = (await report.node(8).boundingBox())!;
  expect(stray.x).toBeGreaterThan(third.x + third.width);
  await expect(report.node(8).locator(".name")).toHaveText("stray");
});

test("an answer has a port a call, open where nothing ran", async ({ report }) => {
  const ports = report.node(2).locator(".port");
  await expect(ports.locator(".port-name")).toHaveText(["get_weather", "find_trains", "never_ran"]);
  await expect(report.node(2).locator(".port.open")).toHaveCount(1);
  await report.node(2).click();
  const open = report.details.locator('section[aria-label="Calls that no span ran"]');
  await expect(open).toContainText("never_ran");
});

test("ids can be copied", async ({ report, page, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await report.node(3).click();
  await page.getByRole("button", { name: "Copy the span id" }).click();
  await expect(page.getByText("Copied")).toBeVisible();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe("0000abcdef000003");
  await page.getByRole("button", { name: "Copy the call id" }).click();
  await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toBe("call_0");
});

test("details lead from span to span and to the line between", async ({ report }) => {
  await report.node(5).click();
  await report.details.locator('section[aria-label="Produced by"] .why').first().click();
  await expect(report.details.locator("h2")).toHaveText("Tool result");
  await report.details.locator('section[aria-label="From"] .span-button').click();
  await expect(report.details.locator("h2")).toHaveText("get_weather");
});

test("a click beside everything selects nothing", async ({ report, page }) => {
  await report.node(5).click();
  await page.locator("#graph").click({ position: { x: 4, y: 4 } });
  await expect(report.details.locator("h2")).toHaveText("This trace");
  await expect(page.locator(".selected")).toHaveCount(0);
});
