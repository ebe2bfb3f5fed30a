// The tests run in Debian's Chromium: Playwright brings no browser here.

import { fileURLToPath } from "node:url";
import { defineConfig } from "@playwright/test";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  testDir: "tests",
  outputDir: here("../../.dev/viewer/results"),
  snapshotPathTemplate: "{testDir}/screenshots/{arg}{ext}",
  reporter: [
    ["list"],
    ["junit", { outputFile: here("../../.dev/viewer/page.xml") }],
  ],
  workers: 2,
  fullyParallel: true,
  forbidOnly: true,
  timeout: 60_000,
  expect: { timeout: 10_000, toHaveScreenshot: { maxDiffPixels: 500, threshold: 0.1 } },
  use: {
    browserName: "chromium",
    viewport: { width: 1280, height: 800 },
    launchOptions: {
      executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium",
      env: { ...process.env, FONTCONFIG_FILE: here("tests/fonts.conf") },
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--font-render-hinting=none",
      ],
    },
  },
});
