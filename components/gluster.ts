import * as pulumi from "@pulumi/pulumi";
import { machinesOf } from "../plan/lab-plan";
import type { Gateway } from "./gateway";
import { inTurn } from "./in-turn";
import { Machine } from "./machine";
import type { Site } from "./site";

export interface GlusterArgs {
  site: Site;
  gateway: Gateway;
}

/** The storage machines: one trusted pool, one replicated volume. */
export class Gluster extends pulumi.ComponentResource {
  readonly machines: readonly Machine[];

  constructor(name: string, { site, gateway }: GlusterArgs, opts?: pulumi.ComponentResourceOptions) {
    super("lab:index:Gluster", name, {}, opts);
    this.machines = inTurn(machinesOf(site.plan, "gluster"), (machine, before) => {
      const credentials = pulumi.output(site.pki.identityOf(machine, false));
      const args = { site, machine, credentials, gateway: gateway.machine, ...before };
      return new Machine(`${name}-${machine.name}`, args, { parent: this });
    });
    this.registerOutputs({});
  }
}
