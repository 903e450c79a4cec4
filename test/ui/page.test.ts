import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { source as axe } from "axe-core";
import type { Browser } from "playwright-core";
import type { Happening } from "../../lab/happening";
import { Feed } from "../../ui/feed";
import { healthyChecks, withFailures } from "../../ui/healthy-checks";
import { servePage, type UiServer } from "../../ui/server";
import { labView } from "../../ui/view";
import { exampleLab } from "../rendered/example-lab";
import { testWith } from "../rendered/tool";
import { launch, openPage } from "./browser";
import { lookAt, lookAtNothing } from "./recorded-look";

jest.setTimeout(60_000);

const browserTest = testWith("chromium");
const pictures = join(".kube-lab", "test", "ui");
const plan = exampleLab();
const failing = withFailures(healthyChecks(plan), [
  { kind: "machine", name: "kube-node02", detail: "stopped; no answer" },
  { kind: "node", name: "kube-node02", detail: "NotReady, v1.36.3, 192.168.2.11" },
  { kind: "backend", name: "kube-mast03", detail: "DOWN, L4CON" },
]);
const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString();
const happenings: Happening[] = [
  {
    id: "1",
    time: minutesAgo(3),
    source: "Kubernetes",
    severity: "normal",
    subject: "Pod default/echo-kube-node01",
    text: "Scheduled: Successfully assigned default/echo-kube-node01 to kube-node01",
  },
  {
    id: "2",
    time: minutesAgo(2),
    source: "Kubernetes",
    severity: "bad",
    subject: "Node kube-node02",
    text: "NodeNotReady: Node kube-node02 status is now: NodeNotReady (2 times)",
  },
  {
    id: "3",
    time: minutesAgo(1),
    source: "lab",
    severity: "good",
    subject: "etcd member kube-mast02",
    text: "healthy",
  },
];

let browser: Browser | undefined;
let feed: Feed;
let server: UiServer;

async function opened(options?: Parameters<typeof openPage>[1]) {
  browser ??= await launch();
  const watched = await openPage(browser, options);
  await watched.page.goto(server.url);
  return watched;
}

beforeAll(() => mkdirSync(pictures, { recursive: true }));

beforeEach(async () => {
  feed = new Feed();
  server = await servePage(feed, 0);
  feed.tell(happenings);
  feed.show(labView(lookAt(plan)));
});

afterEach(async () => {
  for (const context of browser?.contexts() ?? []) await context.close();
  await server.close();
});

afterAll(() => browser?.close());

browserTest(
  "shows the whole lab without a complaint of the browser, and no token in the address",
  async () => {
    const { page, complaints } = await opened();
    await page.getByText("The lab is healthy.").waitFor();
    expect(new URL(page.url()).search).toBe("");
    for (const { name, address } of plan.machines) {
      const row = page.locator("#machines tr", { has: page.getByRole("rowheader", { name, exact: true }) });
      expect(await row.textContent()).toContain(address);
      expect(await page.locator(`#topology [data-machine="${name}"]`).count()).toBe(1);
    }
    expect(await page.locator("#nodes tbody tr").count()).toBe(6);
    expect(await page.locator("#etcd tbody tr").count()).toBe(3);
    expect(await page.locator("#backends tbody tr").count()).toBe(3);
    expect(await page.locator("#gluster tbody tr").count()).toBe(4);
    expect(await page.locator("#virtual-ip").textContent()).toBe("Virtual IP 192.168.4.20: hapx-node01");
    expect(await page.locator("#certificates").textContent()).toMatch(
      /kubelet-kube-node03.*expired.*59, due/s,
    );
    expect(await page.locator("#events li").allInnerTexts()).toHaveLength(3);
    expect(await page.getByRole("link", { name: "HAProxy statistics" }).getAttribute("href")).toBe(
      "http://127.0.0.1:32700/",
    );
    expect(complaints).toEqual([]);
  },
);

browserTest("refuses who has no token or a wrong one", async () => {
  browser ??= await launch();
  const { page } = await openPage(browser);
  for (const path of ["/", "/lab/", "/?token=guess"]) {
    const response = await page.goto(new URL(path, server.url).href);
    expect(response?.status()).toBe(403);
    expect(await page.locator("body").textContent()).toContain("npm run ui");
  }
});

browserTest("shows what changes while it is open", async () => {
  const { page, complaints } = await opened();
  await page.getByText("The lab is healthy.").waitFor();
  feed.show(labView(lookAt(plan, failing)));
  await page.getByText(`3 of ${failing.length} checks failed.`).waitFor();
  await page.locator('#topology .failing[data-machine="kube-node02"]').waitFor();
  expect(await page.locator("#failures li").allInnerTexts()).toContain("backend kube-mast03: DOWN, L4CON");
  expect(await page.title()).toBe("✕ dev – kube-lab");

  const text = `<img src="nowhere" onerror="alert(1)"> is only text`;
  feed.tell([{ ...(happenings[0] as Happening), id: "4", time: new Date().toISOString(), text }]);
  await page.getByText(text).waitFor();
  expect(await page.locator("#events li").first().textContent()).toContain(text);
  expect(await page.locator("#events img").count()).toBe(0);
  expect(complaints).toEqual([]);
});

browserTest("says that the lab is down, and shows it again when it is back", async () => {
  const { page, complaints } = await opened();
  feed.show(labView(lookAtNothing(plan)));
  await page.getByText("There is no lab to look at.").waitFor();
  await page.getByText("stack dev has no machines. Run: npm run up").waitFor();
  expect(await page.locator("#topology .machine.unknown").count()).toBe(12);
  await page.screenshot({ path: join(pictures, "down.png"), fullPage: true });
  feed.show(labView(lookAt(plan)));
  await page.getByText("The lab is healthy.").waitFor();
  expect(await page.locator("#problem").isVisible()).toBe(false);
  expect(complaints).toEqual([]);
});

browserTest("says that its server has ended, and that another one's token is another", async () => {
  const { page } = await opened();
  await page.getByText("The lab is healthy.").waitFor();
  await server.close();
  await page.getByText("Connection lost, trying again").waitFor();
  server = await servePage(new Feed(), Number(new URL(server.url).port));
  await page.getByText("run npm run ui again").waitFor({ timeout: 20_000 });
  expect(await page.locator("#topology .machine").count()).toBe(12);
});

describe.each(["light", "dark"] as const)("in %s", (colorScheme) => {
  browserTest.each([
    ["wide", 1440],
    ["narrow", 390],
  ])("is accessible and fits a %s window", async (name, width) => {
    const { page, complaints } = await opened({ colorScheme, viewport: { width, height: 900 } });
    feed.show(labView(lookAt(plan, failing)));
    await page.locator("#topology .failing").first().waitFor();
    await page.screenshot({ path: join(pictures, `${name}-${colorScheme}.png`), fullPage: true });
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(width);
    const [red = 0] = await page
      .evaluate<string>("getComputedStyle(document.body).backgroundColor")
      .then((colour) => (colour.match(/\d+/g) ?? []).map(Number));
    expect(red < 128).toBe(colorScheme === "dark");
    expect(complaints).toEqual([]);

    await page.evaluate(axe);
    const violations = await page.evaluate<
      { id: string; nodes: { html: string; failureSummary: string }[] }[]
    >("axe.run().then(({ violations }) => violations)");
    expect(
      violations.flatMap(({ id, nodes }) =>
        nodes.map(({ html, failureSummary }) => [id, html, failureSummary]),
      ),
    ).toEqual([]);
  });
});
