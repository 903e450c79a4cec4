import type { ProxyPlan } from "../lab-plan";
import type { Configuration } from "./defaults";

/** The proxy of the configuration, with the lab's own networks and names among the exceptions; undefined where none is set. */
export function planProxy({ proxy, networks, kubernetes, domain }: Configuration): ProxyPlan | undefined {
  const { http, https, noProxy } = proxy;
  if (http === undefined && https === undefined) return undefined;
  const own = [
    ...["localhost", "127.0.0.0/8", "::1"],
    ...Object.values(networks).map(({ cidr }) => cidr),
    ...[kubernetes.podSubnet, kubernetes.serviceSubnet],
    ...[`.${domain}`, `.${kubernetes.clusterDomain}`, ".svc"],
  ];
  return { ...(http && { http }), ...(https && { https }), noProxy: [...new Set([...own, ...noProxy])] };
}
