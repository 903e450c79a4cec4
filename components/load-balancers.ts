import * as pulumi from "@pulumi/pulumi";
import { machinesOf } from "../plan/lab-plan";
import type { Gateway } from "./gateway";
import { inTurn } from "./in-turn";
import { Machine } from "./machine";
import type { Site } from "./site";

export interface LoadBalancersArgs {
  site: Site;
  gateway: Gateway;
}

/** Two machines that share the virtual IP: corosync, pacemaker and HAProxy before the API servers. */
export class LoadBalancers extends pulumi.ComponentResource {
  readonly machines: readonly Machine[];

  constructor(name: string, { site, gateway }: LoadBalancersArgs, opts?: pulumi.ComponentResourceOptions) {
    super("lab:index:LoadBalancers", name, {}, opts);
    const { corosyncKey, statisticsPassword } = site.secrets;
    this.machines = inTurn(machinesOf(site.plan, "loadBalancer"), (machine, before) => {
      const identity = site.pki.identityOf(machine, false);
      const credentials = pulumi.output({ ...identity, corosyncKey, statisticsPassword });
      const args = { site, machine, credentials, gateway: gateway.machine, ...before };
      return new Machine(`${name}-${machine.name}`, args, { parent: this });
    });
    this.registerOutputs({});
  }
}
