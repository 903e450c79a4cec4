import * as pulumi from "@pulumi/pulumi";
import { sealEnvironment } from "../hypervisor/environment";
import type { Observation } from "../hypervisor/reality/observation";
import { type AuthorityName, planCertificates } from "../plan/certificates";
import type { GivenAuthority } from "../plan/given-authorities";
import type { LabPlan, MachinePlan } from "../plan/lab-plan";
import {
  neededBaseDisk,
  refuseToMakeMastersBesideRestore,
  refuseToMakeMastersInSilence,
  refuseToMakeSleepersAnew,
  refuseUpgrade,
} from "./births";
import { Gateway } from "./gateway";
import { Gluster } from "./gluster";
import { type BaseDisk, Image } from "./image";
import { sayWhatIsInside } from "./inside";
import { isUpgrade } from "./living-releases";
import { LoadBalancers } from "./load-balancers";
import { localCommand } from "./local-command";
import type { Machine } from "./machine";
import { type MachineChange, machineChanges } from "./machine-changes";
import { Masters } from "./masters";
import { Network } from "./network";
import { observationOf } from "./observation";
import { labOutputs, type StackOutputs } from "./outputs";
import { Pki } from "./pki";
import { DeliveredReleases } from "./releases";
import { Secrets } from "./secrets";
import type { Site } from "./site";
import { sshAccessFiles } from "./ssh-access";
import { Starting } from "./starting";
import { Workers } from "./workers";

export interface LabArgs {
  plan: LabPlan;
  /** Token of the lab's record, by hypervisor/reality/living-lab.ts. */
  incarnation: string;
  /** What there is already of the plan's machines and of the template, by their names. */
  observations: Promise<ReadonlyMap<string, Observation>>;
  /** For machines that are made; undefined where set-up has made none. */
  baseDisk: BaseDisk | undefined;
  /** Authorities of the user's own; the others are made here. */
  givenAuthorities: Partial<Record<AuthorityName, GivenAuthority>>;
}

/** The whole lab: all that machines must know, what they are made of, the machines by role. */
export class Lab extends pulumi.ComponentResource {
  /** @throws what the observations do. */
  readonly outputs: Promise<StackOutputs>;

  constructor(name: string, args: LabArgs, opts?: pulumi.ComponentResourceOptions) {
    super("lab:index:Lab", name, {}, opts);
    const { plan, observations, baseDisk, givenAuthorities } = args;
    const child = { parent: this };
    // The few of a plugin first: the engine starts one plugin after the other, while the hypervisor answers.
    const network = new Network(`${name}-network`, { plan, incarnation: args.incarnation }, child);
    const secrets = new Secrets(`${name}-secrets`, { dashboard: plan.addons.headlamp.enabled }, child);
    this.outputs = observations.then((observed) => {
      refuseUpgrade(plan, observed);
      refuseToMakeSleepersAnew(plan, observed);
      refuseToMakeMastersBesideRestore(plan, observed);
      refuseToMakeMastersInSilence(plan, observed);
      const certificates = planCertificates(plan);
      const pki = new Pki(`${name}-pki`, { certificates, machines: plan.machines, givenAuthorities }, child);
      sayWhatIsInside(observed);
      sshAccessFiles(`${name}-access`, plan, pki, child);
      sayWhatChanges(machineChanges(plan, observed));
      const disk = neededBaseDisk(plan, observed, baseDisk);
      const { incarnation } = observationOf(observed, disk.template);
      const image = new Image(`${name}-image`, { plan, baseDisk: disk, incarnation }, child);
      const starting = new Starting();
      const site: Site = { plan, observations: observed, starting, network, image, pki, secrets };
      return labOutputs(site, this.machinesOn(name, site));
    });
    this.registerOutputs({});
  }

  private machinesOn(name: string, site: Site): Machine[] {
    const child = { parent: this };
    const gateway = new Gateway(`${name}-gateway`, { site }, child);
    const releases = new DeliveredReleases(
      `${name}-releases`,
      { site, gateway: gateway.machine.node },
      child,
    );
    const loadBalancers = new LoadBalancers(`${name}-load-balancers`, { site, gateway }, child);
    const masters = new Masters(`${name}-masters`, { site, gateway, releases }, child);
    const behind = isUpgrade(site.plan, site.observations) ? masters.machines : [];
    const roles = [
      loadBalancers,
      masters,
      new Workers(`${name}-workers`, { site, gateway, releases, behind }, child),
      new Gluster(`${name}-gluster`, { site, gateway }, child),
    ];
    site.starting.complete();
    const machines = [gateway.machine, ...roles.flatMap((role) => role.machines)];
    const incarnationOf = (machine: MachinePlan) =>
      observationOf(site.observations, machine.name).incarnation;
    localCommand(
      `${name}-seal`,
      { ensure: "seed seal", environment: sealEnvironment(site.plan, incarnationOf) },
      // Machines that have converged need their seeds no more; secrets should not lie about any longer than that.
      { parent: this, dependsOn: machines.map(({ node }) => node.command) },
    );
    return machines;
  }
}

/** At the end of what Pulumi prints, in preview as in up. */
function sayWhatChanges(changes: readonly MachineChange[]): void {
  if (changes.length === 0) return;
  void pulumi.log.info(`machines and their data:\n${changes.map(({ words }) => `  ${words}`).join("\n")}`);
}
