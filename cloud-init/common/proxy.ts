import type { LabPlan, ProxyPlan } from "../../plan/lab-plan";
import type { GuestFile } from "../guest-file";

/** What units, sessions and apt of a machine reach the outside by; for root alone where a login is in it. */
export function proxyFiles({ proxy }: LabPlan): GuestFile[] {
  if (proxy === undefined) return [];
  const hasLogin = [proxy.http, proxy.https].some((url) => url?.includes("@"));
  const mode = hasLogin ? "0600" : "0644";
  return [
    { path: "/etc/kube-lab/proxy.env", mode, content: environmentOf(proxy) },
    { path: "/etc/apt/apt.conf.d/90-kube-lab-proxy", mode, content: aptOf(proxy) },
  ];
}

/** Both spellings: curl reads http_proxy in lower case alone. The values have no quotes in them. */
function environmentOf({ http, https, noProxy }: ProxyPlan): string {
  const variables = { http_proxy: http, https_proxy: https, no_proxy: noProxy.join(",") };
  return Object.entries(variables)
    .flatMap(([name, value]) =>
      value === undefined ? [] : [`${name.toUpperCase()}='${value}'\n`, `${name}='${value}'\n`],
    )
    .join("");
}

/** apt takes single hosts for exceptions. */
function aptOf({ http, https, noProxy }: ProxyPlan): string {
  const hosts = noProxy.filter((each) => /^[a-z0-9][a-z0-9.-]*$/.test(each));
  return Object.entries({ http, https })
    .flatMap(([scheme, url]) =>
      url === undefined
        ? []
        : [
            `Acquire::${scheme}::Proxy "${url}";\n`,
            ...hosts.map((host) => `Acquire::${scheme}::Proxy::${host} "DIRECT";\n`),
          ],
    )
    .join("");
}
