// Moving in the picture, and the page on other screens, on paper, in the dark,
// and for those who do not see it.

import axe from "axe-core";
import type { Page } from "@playwright/test";
import { expect, test } from "./fixtures";
import { longTrace, reportOf } from "./generate";
import { SECRET, smallTrace } from "./small";

async function transform(page: Page): Promise<number[]> {
  const text = await page.locator(".world").getAttribute("transform");
  return text!.match(/-?[\d.]+/g)!.map(Number);
}

async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  return page.evaluate(async () => {
    const { axe } = window as unknown as { axe: typeof import("axe-core") };
    const { violations } = await axe.run();
    return violations.flatMap((v) => v.nodes.map((n) => `${v.id}: ${n.html.slice(0, 200)}`));
  });
}

test("the mouse drags the picture, and selects nothing by it", async ({ report, page }) => {
  await report.open(reportOf(smallTrace()));
  const [x, y] = await transform(page);
  const box = (await report.node(5).boundingBox())!;
  await page.mouse.move(box.x + 10, box.y + 10);
  await page.mouse.down();
  await page.mouse.move(box.x + 50, box.y + 40, { steps: 4 });
  await page.mouse.up();
  const [newX, newY] = await transform(page);
  expect(newX! - x!).toBeGreaterThan(30);
  expect(newY! - y!).toBeGreaterThan(20);
  await expect(page.locator(".node.selected")).toHaveCount(0);
});

test("the wheel moves, with Control it zooms about the pointer", async ({ report, page }) => {
  await report.open(reportOf(smallTrace()));
  const box = (await report.node(5).boundingBox())!;
  await page.mouse.move(box.x, box.y);
  const before = await transform(page);
  await page.mouse.wheel(40, 0);
  await expect.poll(async () => (await transform(page))[0]).toBeCloseTo(before[0]! - 40, 0);
  await page.mouse.wheel(-40, 0);
  await expect.poll(async () => (await transform(page))[0]).toBeCloseTo(before[0]!, 0);
  await page.keyboard.down("Control");
  await page.mouse.wheel(0, -100);
  await page.keyboard.up("Control");
  await expect.poll(async () => (await transform(page))[2]).toBeGreaterThan(before[2]!);
  const after = (await report.node(5).boundingBox())!;
  expect(Math.abs(after.x - box.x)).toBeLessThan(2);
});

test("buttons zoom, Fit shows everything", async ({ report, page }) => {
  await report.open(reportOf(longTrace(200, 2)));
  await page.getByRole("button", { name: "Zoom in" }).click();
  await page.getByRole("button", { name: "Fit" }).click();
  const graph = (await page.locator("#graph").boundingBox())!;
  for (const lane of await page.locator(".lane").all()) {
    const box = (await lane.boundingBox())!;
    expect(box.x).toBeGreaterThanOrEqual(graph.x);
    expect(box.x + box.width).toBeLessThanOrEqual(graph.x + graph.width);
  }
});

test("the names of the agents stay in sight", async ({ report, page }) => {
  await report.open(reportOf(longTrace(200, 2)));
  await page.locator("#graph").hover();
  await page.mouse.wheel(3000, 0);
  await expect(page.locator(".lane-title").first()).toBeInViewport();
});

for (const [width, height] of [[360, 740], [768, 1024], [2200, 1200]] as const) {
  test(`nothing sticks out at ${width} × ${height}`, async ({ report, page }) => {
    await page.setViewportSize({ width, height });
    await report.open(reportOf(smallTrace()));
    await report.row(5).click();
    const over = await page.evaluate(
      () => document.documentElement.scrollWidth - window.innerWidth,
    );
    expect(over).toBeLessThanOrEqual(0);
    for (const id of ["#graph", "#timeline", "#details"]) {
      const box = (await page.locator(id).boundingBox())!;
      expect(box.height, id).toBeGreaterThan(120);
    }
    await page.locator("#details").scrollIntoViewIfNeeded();
    await expect(page.locator("#details h2")).toBeInViewport();
  });
}

test("dark and light have their own colours", async ({ report, page }) => {
  await report.open(reportOf(smallTrace()));
  const brightness = () =>
    page.evaluate(() => {
      const rgb = getComputedStyle(document.body).backgroundColor.match(/\d+/g)!;
      return Math.max(...rgb.map(Number));
    });
  await page.emulateMedia({ colorScheme: "light" });
  expect(await brightness()).toBeGreaterThan(200);
  await page.emulateMedia({ colorScheme: "dark" });
  expect(await brightness()).toBeLessThan(60);
});

test("paper gets the whole picture and every row, in light colours", async ({ report, page }) => {
  await page.emulateMedia({ colorScheme: "dark" });
  await report.open(reportOf(longTrace(120, 2)));
  expect(await report.timeline.locator(".row").count()).toBeLessThan(100);
  await page.evaluate(() => window.dispatchEvent(new Event("beforeprint")));
  // A browser prints right after the event: what is not there then is missing.
  expect(await report.timeline.locator(".row").count()).toBe(121);
  await page.emulateMedia({ media: "print", colorScheme: "dark" });
  await expect(page.locator("#graph")).toHaveAttribute("viewBox", /^-4 -4 \d/);
  await expect(page.locator("#tools")).toBeHidden();
  const ink = await page.evaluate(() => getComputedStyle(document.body).color);
  expect(ink).toBe("rgb(27, 33, 39)");
  const last = (await report.row(120).boundingBox())!;
  const list = (await report.timeline.boundingBox())!;
  expect(last.y + last.height).toBeLessThanOrEqual(list.y + list.height + 1);
  await page.emulateMedia({ media: null });
  await page.evaluate(() => window.dispatchEvent(new Event("afterprint")));
  expect(await page.locator("#graph").getAttribute("viewBox")).toBeNull();
  expect((await page.pdf()).length).toBeGreaterThan(10_000);
});

for (const scheme of ["light", "dark"] as const) {
  test(`axe finds nothing to object to, ${scheme}`, async ({ report, page }) => {
    await page.emulateMedia({ colorScheme: scheme, reducedMotion: "reduce" });
    await report.open({ ...reportOf(smallTrace()), with_content: true });
    expect(await violations(page)).toEqual([]);
    await page.locator("#foot summary").click();
    await report.row(8).click();
    expect(await violations(page)).toEqual([]);
    await report.row(5).click();
    await report.details.locator(".content summary").first().click();
    expect(await violations(page)).toEqual([]);
    await page.locator("#search").fill("answer");
    expect(await violations(page)).toEqual([]);
    await report.open(reportOf(smallTrace(), longTrace(20, 2)));
    expect(await violations(page)).toEqual([]);
  });
}

test("content is shown when somebody asks for it", async ({ report, page }) => {
  await report.open({ ...reportOf(smallTrace()), with_content: true });
  await report.row(5).click();
  await expect(page.locator("pre")).toHaveCount(0);
  await page.locator("summary", { hasText: "Input" }).click();
  await expect(page.locator("pre")).toHaveText(SECRET);
  await page.locator("summary", { hasText: "Output" }).click();
  await expect(page.locator("pre").last()).toContainText('"answer": 42');
  await report.row(2).click();
  await expect(page.locator(".content")).toHaveCount(0);
});

test("long content is shown in parts", async ({ report, page }) => {
  const trace = smallTrace();
  trace.spans[5]!.content = { output: `${"x".repeat(1_000_000)}end` };
  await report.open({ ...reportOf(trace), with_content: true });
  await report.row(5).click();
  await page.locator("summary", { hasText: "Output" }).click();
  await expect(page.locator("pre")).not.toContainText("end");
  await page.getByRole("button", { name: "Show all 1,000,003 characters" }).click();
  await expect(page.locator("pre")).toContainText("end");
});
