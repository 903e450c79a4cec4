import * as pulumi from "@pulumi/pulumi";
import { machinesOf } from "../plan/lab-plan";
import { isDue } from "./due";
import type { Gateway } from "./gateway";
import { inTurn } from "./in-turn";
import { Machine } from "./machine";
import { observationOf } from "./observation";
import type { DeliveredReleases } from "./releases";
import type { Site } from "./site";

export interface WorkersArgs {
  site: Site;
  gateway: Gateway;
  releases: DeliveredReleases;
  /** Whom they come after, where their kubelets would be ahead of an API server. */
  behind: readonly Machine[];
}

/**
 * Where the pods run. Each joins for itself, so all are made at the same time. Those that are to be stopped for a change are so in
 * turn, that others have their pods meanwhile; files alone reach all at once.
 */
export class Workers extends pulumi.ComponentResource {
  readonly machines: readonly Machine[];

  constructor(name: string, args: WorkersArgs, opts?: pulumi.ComponentResourceOptions) {
    super("lab:index:Workers", name, {}, opts);
    const { site, gateway, releases, behind } = args;
    const { plan, observations } = site;
    const workers = machinesOf(plan, "worker");
    const build = (machine: (typeof workers)[number], before: { after?: Machine } = {}) => {
      const credentials = pulumi.output(site.pki.identityOf(machine, false));
      const own = {
        site,
        machine,
        credentials,
        gateway: gateway.machine,
        releases,
        behind,
      };
      return new Machine(`${name}-${machine.name}`, { ...own, ...before }, { parent: this });
    };
    const due = workers.filter((machine) => isDue(plan, machine, observationOf(observations, machine.name)));
    const changed = inTurn(due, build, plan.workersAtOnce);
    const others = workers.filter((machine) => !due.includes(machine)).map((machine) => build(machine));
    this.machines = [...changed, ...others].sort((a, b) => a.plan.index - b.plan.index);
    this.registerOutputs({});
  }
}
