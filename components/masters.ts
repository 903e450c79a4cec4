import * as pulumi from "@pulumi/pulumi";
import { machinesOf } from "../plan/lab-plan";
import type { Gateway } from "./gateway";
import { inTurn } from "./in-turn";
import { Machine } from "./machine";
import type { DeliveredReleases } from "./releases";
import type { Site } from "./site";

export interface MastersArgs {
  site: Site;
  gateway: Gateway;
  releases: DeliveredReleases;
}

/** The control plane and its etcd: the only machines that hold the authorities' keys. */
export class Masters extends pulumi.ComponentResource {
  readonly machines: readonly Machine[];

  constructor(
    name: string,
    { site, gateway, releases }: MastersArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("lab:index:Masters", name, {}, opts);
    const { etcdClusterToken, dashboardToken } = site.secrets;
    const { serviceAccountKey } = site.pki;
    const applications = site.plan.applications && { applications: site.pki.certificateOf("applications") };
    this.machines = inTurn(machinesOf(site.plan, "master"), (machine, before) => {
      const identity = site.pki.identityOf(machine, true);
      const credentials = pulumi.output({
        ...identity,
        serviceAccountKey,
        etcdClusterToken,
        ...(dashboardToken && { dashboardToken }),
        ...applications,
      });
      const args = { site, machine, credentials, gateway: gateway.machine, releases, ...before };
      return new Machine(`${name}-${machine.name}`, args, { parent: this });
    });
    this.registerOutputs({});
  }
}
