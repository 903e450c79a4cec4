import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { fetchOutside, proxyTrouble, useProxy } from "../../../lib/fetch-outside";
import { proxyFor, shownProxy } from "../../../lib/proxy";

const proxies = { HTTPS_PROXY: "http://proxy.example:3128", HTTP_PROXY: "plain.example:8080" };

test.each([
  ["https://dl.k8s.io/x", "", "http://proxy.example:3128"],
  ["http://deb.debian.org/", "", "http://plain.example:8080"],
  ["https://dl.k8s.io/x", "k8s.io", undefined],
  ["https://dl.k8s.io/x", ".k8s.io", undefined],
  ["https://dl.k8s.io/x", "*.k8s.io, other", undefined],
  ["https://notk8s.io/x", "k8s.io", "http://proxy.example:3128"],
  ["https://r.example:5000/", "r.example:5000", undefined],
  ["https://r.example/", "r.example:5000", "http://proxy.example:3128"],
  ["https://10.1.2.3/", "10.0.0.0/8", undefined],
  ["https://11.1.2.3/", "10.0.0.0/8", "http://proxy.example:3128"],
  ["https://dl.k8s.io/x", "*", undefined],
  ["https://127.0.0.1:8443/", "", undefined],
])("%s with the exceptions '%s' goes by %s", (url, exceptions, proxy) => {
  expect(proxyFor(url, { ...proxies, NO_PROXY: exceptions })).toBe(proxy);
});

test("lower case goes first, and a login is not shown", () => {
  expect(proxyFor("https://a.example", { ...proxies, https_proxy: "http://u:p@low.example:1" })).toBe(
    "http://u:p@low.example:1",
  );
  expect(shownProxy("http://u:p@low.example:1")).toBe("http://low.example:1");
});

describe("useProxy", () => {
  const own = { ...process.env };
  beforeEach(() => {
    for (const name of ["http_proxy", "https_proxy", "no_proxy"])
      for (const each of [name, name.toUpperCase()]) delete process.env[each];
  });
  afterEach(() => {
    process.env = { ...own };
  });

  test("sets nothing where there is none", () => {
    useProxy();
    expect(Object.keys(process.env).filter((name) => /_proxy$/i.test(name))).toEqual([]);
  });

  test("spells the computer's own both ways, takes the configuration's where there is none, and keeps this computer out", () => {
    process.env.HTTPS_PROXY = "http://own:1";
    useProxy({ http: "http://configured:1", noProxy: ["house.example"] });
    expect(process.env).toMatchObject({ https_proxy: "http://own:1", NO_PROXY: "localhost,127.0.0.1,::1" });
    expect(process.env.http_proxy).toBeUndefined();
    for (const name of ["HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy"]) delete process.env[name];
    useProxy({ http: "http://configured:1", noProxy: ["house.example"] });
    expect(process.env).toMatchObject({
      HTTP_PROXY: "http://configured:1",
      http_proxy: "http://configured:1",
      no_proxy: "house.example,localhost,127.0.0.1,::1",
    });
  });
});

describe("fetchOutside", () => {
  const own = { ...process.env };
  let proxy: Server;
  let refusal: number | undefined;
  const asked: string[] = [];
  beforeAll(async () => {
    proxy = createServer((request, answer) => {
      asked.push(request.url ?? "");
      answer.end("by the proxy");
    });
    proxy.on("connect", (request, socket) => {
      asked.push(`CONNECT ${request.url}`);
      socket.end(`HTTP/1.1 ${refusal ?? 502} no\r\n\r\n`);
    });
    await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
    const { port } = proxy.address() as AddressInfo;
    process.env.HTTP_PROXY = process.env.HTTPS_PROXY = `http://u:secret@127.0.0.1:${port}`;
    for (const name of ["http_proxy", "https_proxy", "NO_PROXY", "no_proxy"]) delete process.env[name];
  });
  afterAll(() => {
    proxy.closeAllConnections();
    proxy.close();
    process.env = own;
  });

  test("goes by the proxy", async () => {
    expect(await (await fetchOutside("http://site.invalid/file")).text()).toBe("by the proxy");
    expect(asked).toContain("http://site.invalid/file");
  });

  test.each([
    [407, /wants a login: HTTPS_PROXY=http:\/\/USER:PASSWORD@/],
    [403, /refuses site\.invalid \(status 403\)/],
    [502, /does not reach site\.invalid .*the site is down/],
  ])("tells by status %s whether it is the proxy or the site", async (status, words) => {
    refusal = status;
    const error = await fetchOutside("https://site.invalid/").catch((thrown: unknown) => thrown);
    expect(proxyTrouble("https://site.invalid/", error)).toMatch(words);
    expect(proxyTrouble("https://site.invalid/", error)).not.toContain("secret");
  });

  test("tells that a proxy may be missing, where none is set and the site is not reached at all", async () => {
    const { HTTPS_PROXY: before } = process.env;
    delete process.env.HTTPS_PROXY;
    const error = await fetchOutside("https://site.invalid/").catch((thrown: unknown) => thrown);
    expect(proxyTrouble("https://site.invalid/", error)).toMatch(
      /site\.invalid is not reached .*HTTPS_PROXY/,
    );
    expect(proxyTrouble("https://site.invalid/", new Error("status 404"))).toBeUndefined();
    process.env.HTTPS_PROXY = before;
  });

  test("tells a proxy that does not answer", async () => {
    const { HTTPS_PROXY: before } = process.env;
    process.env.HTTPS_PROXY = "http://127.0.0.1:1";
    const error = await fetchOutside("https://site.invalid/").catch((thrown: unknown) => thrown);
    expect(proxyTrouble("https://site.invalid/", error)).toMatch(
      /127\.0\.0\.1:1 does not answer .*HTTPS_PROXY/,
    );
    process.env.HTTPS_PROXY = before;
  });
});
