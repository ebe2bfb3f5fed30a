// A report in the browser, from data of a test or from the command. After each
// test the page must have logged nothing and asked nothing of a network.

import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";
import { expect, test as base } from "@playwright/test";
import type { Locator, Page } from "@playwright/test";
import { template } from "../build.mjs";
import type { Report } from "../src/data";

export { expect };

const root = fileURLToPath(new URL("../../../", import.meta.url));
export const spanlink = process.env["SPANLINK_BINARY"] ?? `${root}.dev/release/spanlink`;
export const demo = `${root}examples/demo/demo.otlp.json`;
const built = template();

export function run(...parameters: string[]): string {
  return execFileSync(spanlink, parameters, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}

/** The file as `spanlink view` would write it around this data. */
export async function htmlOf(report: Report): Promise<string> {
  const { before, after } = await built;
  const json = JSON.stringify(report).replace(
    /[<>&\u2028\u2029]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return before + json + after;
}

export class ReportPage {
  readonly problems: string[] = [];
  readonly details: Locator;
  readonly timeline: Locator;

  constructor(
    readonly page: Page,
    private readonly folder: (name: string) => string,
  ) {
    this.details = page.locator("#details");
    this.timeline = page.locator("#timeline");
    page.on("console", (message) => this.problems.push(`console: ${message.text()}`));
    page.on("pageerror", (error) => this.problems.push(`error: ${error.message}`));
    page.on("request", (request) => {
      if (!/^(file|blob|data):/.test(request.url())) {
        this.problems.push(`request: ${request.url().slice(0, 100)}`);
      }
    });
  }

  async open(report: Report, change = (html: string) => html): Promise<void> {
    const file = this.folder("report.html");
    writeFileSync(file, change(await htmlOf(report)));
    await this.goTo(file);
  }

  /** The demo's report, made by the command. */
  async openDemo(...flags: string[]): Promise<string> {
    const file = this.folder("demo.html");
    run("view", demo, "-o", file, ...flags);
    await this.goTo(file);
    return readFileSync(file, "utf8");
  }

  private async goTo(file: string): Promise<void> {
    await this.page.goto(pathToFileURL(file).href);
    await this.drawn();
  }

  /** Waits until the picture has been laid out for the n-th time. */
  async drawn(nth = 1): Promise<void> {
    await this.page.waitForFunction(
      (wanted) =>
        Number(document.body.dataset["drawn"]) >= wanted ||
        !document.getElementById("trace-list")!.hidden ||
        !document.getElementById("failure")!.hidden,
      nth,
    );
  }

  node(span: number): Locator {
    return this.page.locator(`.node[data-span="${span}"]`);
  }

  edge(link: number): Locator {
    return this.page.locator(`.edge[data-links="${link}"]`);
  }

  row(span: number): Locator {
    return this.timeline.locator(`.row[data-span="${span}"]`);
  }

  /** The keys of the nodes that are lit. */
  async lit(): Promise<string[]> {
    const keys = await this.page
      .locator(".node.lit")
      .evaluateAll((nodes) => nodes.map((node) => (node as SVGElement).dataset["key"]!));
    return keys.sort();
  }

  /** Ids of the spans that a list of the details names. */
  async listed(title: string): Promise<number[]> {
    const buttons = this.details.locator(`section[aria-label="${title}"] .span-button`);
    return buttons.evaluateAll((all) => all.map((one) => Number((one as HTMLElement).dataset["span"])));
  }
}

export const test = base.extend<{ report: ReportPage }>({
  report: async ({ page }, use, info) => {
    const report = new ReportPage(page, (name) => info.outputPath(name));
    await use(report);
    expect(report.problems).toEqual([]);
  },
});
