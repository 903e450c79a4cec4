import { admission, cookie } from "../../../ui/admission";

const pass = { token: "right-token", port: 4711 };
const given = cookie(pass).split(";")[0] ?? "";

function ask(url: string, headers: Record<string, string> = {}, method = "GET") {
  return admission({ method, url, headers: { host: "127.0.0.1:4711", ...headers } }, pass);
}

const refused = { kind: "refused", status: 403 };

describe("admission", () => {
  test("lets in by the token in the address, and afterwards by the cookie", () => {
    expect(ask("/?token=right-token")).toEqual({ kind: "entered" });
    expect(ask("/lab/", { cookie: given })).toEqual({ kind: "admitted", path: "" });
    expect(ask("/lab/page.js", { cookie: `other=1; ${given}; more=2` })).toEqual({
      kind: "admitted",
      path: "page.js",
    });
  });

  test.each([
    "/",
    "/?token=",
    "/?token=right-toke",
    "/?token=right-token2",
    "/?token=wrong-token",
    "/lab/?token=right-token",
    "/lab/feed",
    "*",
    "//",
    "http://elsewhere.example/?token=right-token",
  ])("refuses %s without a cookie", (url) => {
    expect(ask(url)).toMatchObject(refused);
  });

  test.each(["kube-lab-4711=wrong", "kube-lab-4712=right-token", "kube-lab-4711=", "right-token"])(
    "refuses the cookie %s",
    (wrong) => {
      expect(ask("/lab/", { cookie: wrong })).toMatchObject(refused);
    },
  );

  test.each([
    "evil.example:4711",
    "evil.example",
    "127.0.0.1",
    "127.0.0.1:80",
    "127.0.0.1:4711.evil.example",
    "",
  ])("refuses the host %j, token or not", (host) => {
    expect(ask("/?token=right-token", { host })).toMatchObject(refused);
    expect(ask("/lab/", { host, cookie: given })).toMatchObject(refused);
  });

  test("knows localhost as its own name, and nothing but GET", () => {
    expect(ask("/lab/", { host: "localhost:4711", cookie: given })).toMatchObject({ kind: "admitted" });
    expect(ask("/lab/", { cookie: given }, "POST")).toMatchObject({ kind: "refused", status: 405 });
  });

  test("gives a cookie that scripts, other paths and other sites do not get", () => {
    expect(cookie(pass).split("; ").slice(1)).toEqual(["Path=/lab/", "HttpOnly", "SameSite=Lax"]);
  });
});
