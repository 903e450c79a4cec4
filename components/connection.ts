import type { types } from "@pulumi/command";
import type * as pulumi from "@pulumi/pulumi";
import { endpointOf, gatewayOf } from "../plan/endpoint";
import type { MachinePlan } from "../plan/lab-plan";
import type { Site } from "./site";

/**
 * A machine that was just started answers after a minute at worst. The provider waits 0.1 s after the first failed attempt,
 * half as long again after each, 5 s at most: 60 attempts are four minutes. Source: pulumi, sdk/go/common/util/retry.
 */
const patience = { dialErrorLimit: 60, perDialTimeout: 10 };

/** How to reach a machine by SSH from the host: the gateway by its forwarded port, all others through the gateway. */
export function connectionTo(
  site: Site,
  machine: MachinePlan,
): pulumi.Input<types.input.remote.ConnectionArgs> {
  const { plan, pki } = site;
  const { address, port } = endpointOf(plan, "ssh");
  const login = { user: plan.user, privateKey: pki.userKey.privateKey, ...patience };
  const gateway = { host: address, port, hostKey: pki.hostKeyOf(gatewayOf(plan)).publicKey, ...login };
  if (machine.role === "gateway") return gateway;
  return {
    host: machine.address,
    port: 22,
    hostKey: pki.hostKeyOf(machine).publicKey,
    ...login,
    proxy: gateway,
  };
}
