import { existsSync } from "node:fs";
import { chromium } from "playwright-core";
import { parseConfiguration } from "../../plan/config/configuration";
import { planLab } from "../../plan/plan";
import { Feed } from "../../ui/feed";
import { healthyChecks, withFailures } from "../../ui/healthy-checks";
import { servePage } from "../../ui/server";
import { labView } from "../../ui/view";

/** Where Debian has it, and where most others do. */
const browsers = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** What `npm run ui` shows of the reference lab while a worker is off, as a PNG in that file. @throws Error without a browser. */
export async function photographPage(file: string): Promise<void> {
  const executablePath = browsers.find((path) => existsSync(path));
  if (executablePath === undefined) throw new Error(`no browser is there: none of ${browsers.join(", ")}`);
  const feed = new Feed();
  feed.show(labView(lookWithoutWorker()));
  const server = await servePage(feed, 0);
  const browser = await chromium.launch({ executablePath });
  try {
    const page = await browser.newPage({ viewport: { width: 1440, height: 1080 }, colorScheme: "light" });
    await page.goto(server.url);
    await page.locator("#topology .failing").first().waitFor();
    await page.screenshot({ path: file });
  } finally {
    await browser.close();
    await server.close();
  }
}

function lookWithoutWorker() {
  const plan = planLab(parseConfiguration({ hypervisor: "virtualbox" }), "dev");
  const time = new Date("2026-11-26T12:00:00Z");
  const lost = "kube-node02";
  return {
    plan,
    time,
    states: new Map(plan.machines.map(({ name }) => [name, name === lost ? "stopped" : "running"] as const)),
    checks: withFailures(healthyChecks(plan), [
      { kind: "machine", name: lost, detail: "stopped; no answer" },
      { kind: "node", name: lost, detail: "NotReady, v1.36.3, 192.168.2.11" },
    ]),
    certificates: ["admin", "kube-mast01-apiserver", "kube-node01-kubelet"].map((name) => ({
      name,
      end: new Date(time.getTime() + 364.9 * 24 * 3600 * 1000),
    })),
    pages: [{ name: "HAProxy statistics", url: "http://127.0.0.1:32700/" }],
  };
}
