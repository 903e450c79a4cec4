import * as pulumi from "@pulumi/pulumi";
import { machinesOf } from "../plan/lab-plan";
import type { Gateway } from "./gateway";
import { Machine } from "./machine";
import type { Site } from "./site";

export interface WorkersArgs {
  site: Site;
  gateway: Gateway;
}

/** Where the pods run. Each joins for itself and is drained when it goes, so all are made and changed at the same time. */
export class Workers extends pulumi.ComponentResource {
  readonly machines: readonly Machine[];

  constructor(name: string, { site, gateway }: WorkersArgs, opts?: pulumi.ComponentResourceOptions) {
    super("lab:index:Workers", name, {}, opts);
    const { bootstrapToken } = site.secrets;
    this.machines = machinesOf(site.plan, "worker").map((machine) => {
      const credentials = pulumi.output({ ...site.pki.identityOf(machine, false), bootstrapToken });
      const args = { site, machine, credentials, gateway: gateway.machine };
      return new Machine(`${name}-${machine.name}`, args, { parent: this });
    });
    this.registerOutputs({});
  }
}
