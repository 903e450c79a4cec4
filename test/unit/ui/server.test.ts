import { request } from "node:http";
import { Feed } from "../../../ui/feed";
import { servePage, type UiServer } from "../../../ui/server";
import { labView } from "../../../ui/view";
import { exampleLab } from "../../rendered/example-lab";
import { lookAt } from "../../ui/recorded-look";

const view = labView(lookAt(exampleLab()));
let feed: Feed;
let server: UiServer;
let origin: string;

beforeEach(async () => {
  feed = new Feed();
  server = await servePage(feed, 0);
  origin = new URL(server.url).origin;
});

afterEach(() => server.close());

async function enter(): Promise<{ Cookie: string }> {
  const entered = await fetch(server.url, { redirect: "manual" });
  expect([entered.status, entered.headers.get("location")]).toEqual([303, "/lab/"]);
  return { Cookie: entered.headers.get("set-cookie")?.split(";")[0] ?? "" };
}

/** fetch sets Host itself. */
function statusWithHost(host: string, headers: object): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    request(`${origin}/lab/`, { headers: { ...headers, host } }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on("error", reject)
      .end();
  });
}

/** Parts of the stream as they come, `event: …` and `data: …` in each. */
async function* messages(response: Response): AsyncGenerator<{ event: string; data: unknown }> {
  let text = "";
  for await (const chunk of response.body ?? []) {
    text += Buffer.from(chunk).toString();
    const parts = text.split("\n\n");
    text = parts.pop() ?? "";
    for (const part of parts) {
      const [, event = "", data = ""] = /^event: (.*)\ndata: (.*)$/.exec(part) ?? [];
      yield { event, data: JSON.parse(data) };
    }
  }
}

const paths = ["", "page.js", "page.css", "topology.css", "icon.svg"];

describe("the page's server", () => {
  test("listens on 127.0.0.1, with another token at each start", async () => {
    const second = await servePage(new Feed(), 0);
    await second.close();
    const token = (url: string) => new URL(url).searchParams.get("token") ?? "";
    expect(new URL(server.url).hostname).toBe("127.0.0.1");
    expect(Buffer.from(token(server.url), "base64url")).toHaveLength(32);
    expect(token(second.url)).not.toBe(token(server.url));
  });

  test("refuses everything without the token, and every name but its own", async () => {
    for (const path of [
      "/",
      "/?token=guess",
      "/lab/feed",
      "/elsewhere",
      ...paths.map((path) => `/lab/${path}`),
    ]) {
      const response = await fetch(origin + path);
      expect([path, response.status, (await response.text()).length < 100]).toEqual([path, 403, true]);
    }
    const headers = await enter();
    expect(await statusWithHost(new URL(origin).host, headers)).toBe(200);
    expect(await statusWithHost("rebound.example", headers)).toBe(403);
  });

  test("serves the page's files and no other", async () => {
    const headers = await enter();
    for (const path of paths) {
      const response = await fetch(`${origin}/lab/${path}`, { headers });
      expect([path, response.status]).toEqual([path, 200]);
      expect(await response.text()).not.toMatch(/https?:\/\/(?!www\.w3\.org\/2000\/svg)/);
    }
    for (const path of ["server.ts", "..%2fserver.ts", "%2e%2e/feed.ts", "constructor"]) {
      expect((await fetch(`${origin}/lab/${path}`, { headers })).status).toBe(404);
    }
  });

  test("lets a page take nothing from elsewhere and nobody else take it, refusals included", async () => {
    const headers = await enter();
    for (const response of [await fetch(`${origin}/lab/`, { headers }), await fetch(origin)]) {
      const policy = response.headers.get("content-security-policy") ?? "";
      expect(policy).toContain("default-src 'none'");
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).not.toMatch(/unsafe|\*|https?:/);
      expect(response.headers.get("x-content-type-options")).toBe("nosniff");
      expect(response.headers.get("referrer-policy")).toBe("no-referrer");
      expect(response.headers.get("cross-origin-resource-policy")).toBe("same-origin");
      expect(response.headers.get("cache-control")).toBe("no-store");
      expect(response.headers.get("access-control-allow-origin")).toBeNull();
    }
  });

  test("streams what there is, then each change once", async () => {
    const happening = {
      id: "1",
      time: "2026-11-21T12:00:00.000Z",
      source: "Kubernetes",
      severity: "normal",
      subject: "Pod default/echo",
      text: "Started\nin two lines",
    } as const;
    feed.tell([happening]);
    feed.show(view);
    const stream = messages(await fetch(`${origin}/lab/feed`, { headers: await enter() }));
    expect((await stream.next()).value).toEqual({ event: "happenings", data: [happening] });
    expect((await stream.next()).value).toEqual({ event: "view", data: view });
    feed.tell([happening]);
    feed.tell([{ ...happening, text: "Started (2 times)" }]);
    expect((await stream.next()).value).toEqual({
      event: "happenings",
      data: [{ ...happening, text: "Started (2 times)" }],
    });
    await server.close();
    expect((await stream.next()).done).toBe(true);
  });

  test("keeps the latest happenings, not the first", async () => {
    const many = Array.from({ length: 250 }, (_, i) => ({
      id: String(i),
      time: new Date(i * 1000).toISOString(),
      source: "lab" as const,
      severity: "normal" as const,
      subject: "",
      text: "",
    }));
    feed.tell(many);
    const stream = messages(await fetch(`${origin}/lab/feed`, { headers: await enter() }));
    expect((await stream.next()).value).toEqual({ event: "happenings", data: many.slice(50) });
  });

  test("knows whether somebody looks", async () => {
    const ending = new AbortController();
    let watched = false;
    const waiting = feed.watched(ending.signal).then(() => {
      watched = true;
    });
    const headers = await enter();
    expect(watched).toBe(false);
    await fetch(`${origin}/lab/feed`, { headers });
    await waiting;
    await feed.watched(ending.signal);
    const unwatched = new Feed().watched(ending.signal);
    ending.abort();
    await unwatched;
  });

  test("says how to choose another port than one that is taken", async () => {
    await expect(servePage(new Feed(), Number(new URL(origin).port))).rejects.toThrow("--port NUMBER");
  });
});
