// Everything without a mouse.

import { expect, test } from "./fixtures";
import { reportOf } from "./generate";
import { smallTrace } from "./small";

test.beforeEach(async ({ report }) => {
  await report.open(reportOf(smallTrace()));
});

test("arrows walk along the links", async ({ report, page }) => {
  const heading = report.details.locator("h2");
  await page.keyboard.press("ArrowDown");
  await expect(heading).toHaveText("about_travel");
  await page.keyboard.press("ArrowRight");
  await expect(heading).toHaveText("first answer");
  await page.keyboard.press("ArrowRight");
  await expect(heading).toHaveText("get_weather");
  await page.keyboard.press("ArrowDown");
  await expect(heading).toHaveText("find_trains");
  await page.keyboard.press("ArrowLeft");
  await expect(heading).toHaveText("first answer");
  await expect(report.node(2)).toBeFocused();
  await page.keyboard.press("Escape");
  await expect(heading).toHaveText("This trace");
});

test("the timeline is a list box", async ({ report, page }) => {
  await report.timeline.focus();
  await page.keyboard.press("End");
  await expect(report.details.locator("h2")).toHaveText("stray");
  await expect(report.timeline).toHaveAttribute("aria-activedescendant", "row-8");
  await page.keyboard.press("ArrowUp");
  await expect(report.details.locator("h2")).toHaveText("third answer");
  await page.keyboard.press("Home");
  await expect(report.row(0)).toHaveAttribute("aria-selected", "true");
});

test("search finds by name, agent, id and call id", async ({ report, page }) => {
  await page.keyboard.press("/");
  await expect(page.locator("#search")).toBeFocused();
  const finds = async (text: string, spans: number[]) => {
    await page.locator("#search").fill(text);
    const found = await report.timeline
      .locator(".row.found")
      .evaluateAll((rows) => rows.map((row) => Number((row as HTMLElement).dataset["span"])));
    expect(found, text).toEqual(spans);
  };
  await finds("WEATHER", [3]);
  await finds("planner", [7, 8]);
  await finds("abcdef000006", [6]);
  await finds("call_1", [2, 4]);
  await finds("not linked", [8]);
  await finds("nowhere", []);
  await expect(page.locator("#search-count")).toHaveText("0 of 9");
});

test("Enter goes from hit to hit, Escape ends the search", async ({ report, page }) => {
  await page.keyboard.press("/");
  await page.keyboard.type("answer");
  await expect(page.locator("#search-count")).toHaveText("3 of 9");
  await expect(page.locator(".node.found")).toHaveCount(3);
  await page.keyboard.press("Enter");
  await expect(report.details.locator("h2")).toHaveText("first answer");
  await page.keyboard.press("Enter");
  await expect(report.details.locator("h2")).toHaveText("second answer");
  await page.keyboard.press("Shift+Enter");
  await expect(report.details.locator("h2")).toHaveText("first answer");
  await page.keyboard.press("Escape");
  await expect(page.locator(".node.found")).toHaveCount(0);
  await expect(page.locator("#search")).toHaveValue("");
});

test("plus, minus and zero zoom", async ({ page }) => {
  const scale = async () =>
    Number(/scale\(([\d.]+)/.exec((await page.locator(".world").getAttribute("transform"))!)![1]);
  const first = await scale();
  await page.keyboard.press("+");
  expect(await scale()).toBeGreaterThan(first);
  await page.keyboard.press("-");
  await page.keyboard.press("-");
  expect(await scale()).toBeLessThan(first);
  await page.keyboard.press("0");
  expect(await scale()).toBeCloseTo(first, 3);
});

test("f folds the agents and unfolds them", async ({ report, page }) => {
  await page.keyboard.press("f");
  await report.drawn(2);
  await expect(page.locator(".node.group")).toHaveCount(8);
  await expect(page.locator("#fold")).toHaveText("Unfold agents");
  await page.keyboard.press("f");
  await report.drawn(3);
  await expect(page.locator(".node.group")).toHaveCount(0);
});

test("one agent folds with Enter on its name", async ({ report, page }) => {
  const lane = page.locator('.lane-title[data-lane="0"]');
  await lane.focus();
  await page.keyboard.press("Enter");
  await report.drawn(2);
  await expect(page.locator('.lane-title[data-lane="0"]')).toHaveAttribute("aria-expanded", "false");
  await expect(report.node(7)).toBeVisible();
  await expect(report.node(2)).toHaveCount(0);
});

test("Tab reaches search, buttons, agents, timeline and details", async ({ page }) => {
  const reached = new Set<string>();
  for (let presses = 0; presses < 16; presses++) {
    await page.keyboard.press("Tab");
    const name = await page.evaluate(() => {
      const { activeElement } = document;
      return activeElement?.id || activeElement?.getAttribute("class") || "";
    });
    reached.add(name);
  }
  for (const name of ["search", "fit", "fold", "lane-title", "timeline", "details"]) {
    expect([...reached]).toContain(name);
  }
});
