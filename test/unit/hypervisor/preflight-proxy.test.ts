import { checkProxy } from "../../../hypervisor/preflight/proxy";
import { probesOf, recordedComputers } from "./recorded-computer";

const [, computer] = recordedComputers()[0] ?? [];
if (computer === undefined) throw new Error("no computer is recorded");
const at = (environment: NodeJS.ProcessEnv) => probesOf({ ...computer, environment });
const proxy = { HTTPS_PROXY: "http://alice:secret@proxy.example:3128" };

test("a computer without a proxy asks nobody", async () => {
  const why = jest.fn();
  expect(await checkProxy(at({}), why)).toEqual([]);
  expect(await checkProxy(at({ ...proxy, NO_PROXY: "k8s.io" }), why)).toEqual([]);
  expect(why).not.toHaveBeenCalled();
});

test("a proxy that lets through is fine, and its login is not shown", async () => {
  expect(await checkProxy(at(proxy), async () => undefined)).toEqual([
    { check: "proxy", severity: "ok", found: "http://proxy.example:3128" },
  ]);
});

test("one that does not is a warning with its reason", async () => {
  const [finding] = await checkProxy(at(proxy), async () => "the proxy wants a login");
  expect(finding).toMatchObject({ severity: "warning", found: "the proxy wants a login" });
  expect(finding?.fix).toContain("HTTPS_PROXY");
});
