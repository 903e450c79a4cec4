import * as pulumi from "@pulumi/pulumi";
import { gatewayOf } from "../plan/endpoint";
import { Machine } from "./machine";
import type { Site } from "./site";

export interface GatewayArgs {
  site: Site;
}

/** Router, filter, DNS, DHCP and time of the lab, and the way in. */
export class Gateway extends pulumi.ComponentResource {
  readonly machine: Machine;

  constructor(name: string, { site }: GatewayArgs, opts?: pulumi.ComponentResourceOptions) {
    super("lab:index:Gateway", name, {}, opts);
    const machine = gatewayOf(site.plan);
    this.machine = new Machine(
      `${name}-${machine.name}`,
      { site, machine, credentials: pulumi.output(site.pki.identityOf(machine, false)) },
      { parent: this },
    );
    this.registerOutputs({});
  }
}
