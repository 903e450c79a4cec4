import * as pulumi from "@pulumi/pulumi";
import type { OwnDelivery } from "../cloud-init/own/files";
import type { OwnArchive } from "../hypervisor/containers/own-archives";
import { sealEnvironment } from "../hypervisor/environment";
import type { Observation } from "../hypervisor/reality/observation";
import { type AuthorityName, planCertificates } from "../plan/certificates";
import { type LabPlan, type MachinePlan, machinesOf } from "../plan/lab-plan";
import { type Outside, plainOutside } from "../plan/outside";
import {
  neededBaseDisk,
  refuseToMakeMastersBesideRestore,
  refuseToMakeMastersInSilence,
  refuseToMakeSleepersAnew,
  refuseUpgrade,
} from "./births";
import { hasOtherSettings, isDue } from "./due";
import { type BaseDisk, Image } from "./image";
import { sayWhatIsInside } from "./inside";
import { LabComponent } from "./lab-component";
import { isUpgrade } from "./living-releases";
import { localCommand } from "./local-command";
import type { Machine } from "./machine";
import { type MachineChange, machineChanges } from "./machine-changes";
import { MachineGroup, type MachineGroupArgs } from "./machine-group";
import { Network } from "./network";
import { nodeSettingsOn } from "./node-settings";
import { observationOf } from "./observation";
import { labOutputs, type StackOutputs } from "./outputs";
import { ownImagesOn } from "./own-images";
import { type AuthorityArgs, Pki } from "./pki";
import { DeliveredReleases } from "./releases";
import { Secrets } from "./secrets";
import type { Site } from "./site";
import { sshAccessFiles } from "./ssh-access";
import { Starting } from "./starting";
import { waitsForStart } from "./waiting";

export interface LabArgs {
  plan: LabPlan;
  /** Token of the lab's record, by hypervisor/reality/living-lab.ts. */
  incarnation: string;
  /** What there is already of the plan's machines and of the template, by their names. */
  observations: ReadonlyMap<string, Observation>;
  /** For machines that are made; undefined where set-up has made none. */
  baseDisk: BaseDisk | undefined;
  /** Authorities of the user's own; the others are made here. */
  givenAuthorities: Partial<Record<AuthorityName, AuthorityArgs>>;
  /** A person's own images for its machines, a later one's name before an earlier one's; none where it is left out. */
  archives?: readonly OwnArchive[];
  /** Files, commands and packages of a person's own, by machines' names; none where it is left out. They become secrets here. */
  own?: ReadonlyMap<string, OwnDelivery>;
  /** How its machines reach what is outside of the lab; plainly where it is left out. It becomes a secret here. */
  outside?: Outside;
}

/** The whole lab: all that machines must know, what they are made of, the machines by role. */
export class Lab extends LabComponent {
  /** Secret. There once every machine of the lab has converged. */
  readonly kubeconfig: pulumi.Output<string>;
  /** In the plan's order. */
  readonly machines: readonly Machine[];
  /** All that a lab gives to a person and to our own commands. */
  readonly outputs: StackOutputs;

  /** @throws pulumi.RunError where the lab that lives could not be brought to the plan without loss; nothing is registered then. */
  constructor(name: string, args: LabArgs, opts?: pulumi.ComponentResourceOptions) {
    const { plan, observations, givenAuthorities, incarnation } = args;
    const { archives = [], own = new Map(), outside = plainOutside } = args;
    const baseDisk = checkedBaseDisk(args);
    super("Lab", name, opts);
    const child = { parent: this };
    const network = new Network(`${name}-network`, { plan, incarnation }, child);
    const secrets = new Secrets(`${name}-secrets`, { dashboard: plan.addons.headlamp.enabled }, child);
    const certificates = planCertificates(plan);
    const pki = new Pki(`${name}-pki`, { certificates, machines: plan.machines, givenAuthorities }, child);
    sayWhatIsInside(observations);
    sshAccessFiles(`${name}-access`, plan, pki, child);
    sayWhatChanges(machineChanges(plan, observations));
    const template = {
      plan,
      baseDisk,
      incarnation: observationOf(observations, baseDisk.template).incarnation,
    };
    const image = new Image(`${name}-image`, template, child);
    const starting = new Starting();
    const site: Site = { plan, observations, starting, network, image, pki, secrets, own, outside };
    this.machines = this.machinesOn(name, site);
    nodeSettingsOn(`${name}-node-settings`, { site, machines: this.machines }, child);
    ownImagesOn(`${name}-own-images`, { site, machines: this.machines, archives }, child);
    this.outputs = labOutputs(site, this.machines);
    this.kubeconfig = this.outputs.kubeconfig;
    this.registerOutputs({ kubeconfig: this.kubeconfig, machines: this.outputs.machines });
  }

  private machinesOn(name: string, site: Site): Machine[] {
    const { plan, observations } = site;
    const child = { parent: this };
    const group = (kind: string, part: string, args: Omit<MachineGroupArgs, "site">) =>
      new MachineGroup(kind, `${name}-${part}`, { site, ...args }, child).machines;
    const [gateway] = group("Gateway", "gateway", { machines: machinesOf(plan, "gateway") });
    if (gateway?.node === undefined) throw new Error("the plan has no gateway");
    const releases = new DeliveredReleases(`${name}-releases`, { site, gateway: gateway.node }, child);
    const loadBalancers = group("LoadBalancers", "load-balancers", {
      machines: machinesOf(plan, "loadBalancer"),
      gateway,
    });
    const masters = group("Masters", "masters", { machines: machinesOf(plan, "master"), gateway, releases });
    const workers = machinesOf(plan, "worker");
    const observed = (machine: MachinePlan) => observationOf(observations, machine.name);
    const resettled = workers.filter((machine) => hasOtherSettings(plan, observed(machine)));
    const roles = [
      [gateway],
      loadBalancers,
      masters,
      group("Workers", "workers", {
        machines: workers,
        gateway,
        releases,
        // A kubelet may not be ahead of an API server; and settings that are no good end at the first machine of all.
        behind: isUpgrade(plan, observations) || resettled.length > 0 ? masters : [],
        // Those that are to be stopped for a change are so in turn, that others have their pods meanwhile, and kubelets try new settings
        // so; other files reach all at once.
        inTurn: workers.filter(
          (machine) => resettled.includes(machine) || isDue(plan, machine, observed(machine)),
        ),
        atOnce: plan.workersAtOnce,
      }),
      group("Gluster", "gluster", { machines: machinesOf(plan, "gluster"), gateway }),
    ];
    site.starting.complete();
    const machines = roles.flat();
    // Who was not started yet needs its seed.
    const begun = plan.machines.filter(
      (machine) => !waitsForStart(machine, observationOf(observations, machine.name)),
    );
    const incarnationOf = (machine: MachinePlan) => observationOf(observations, machine.name).incarnation;
    localCommand(
      `${name}-seal`,
      { ensure: "seed seal", environment: sealEnvironment(plan, begun, incarnationOf) },
      // Machines that have converged need their seeds no more; secrets should not lie about any longer than that.
      { parent: this, dependsOn: machines.flatMap(({ node }) => node?.command ?? []) },
    );
    return machines;
  }
}

/** The base disk for the template. @throws pulumi.RunError where the change would cost what is in the lab. */
function checkedBaseDisk({ plan, observations, baseDisk }: LabArgs): BaseDisk {
  refuseUpgrade(plan, observations);
  refuseToMakeSleepersAnew(plan, observations);
  refuseToMakeMastersBesideRestore(plan, observations);
  refuseToMakeMastersInSilence(plan, observations);
  return neededBaseDisk(plan, observations, baseDisk);
}

/** At the end of what Pulumi prints, in preview as in up. */
function sayWhatChanges(changes: readonly MachineChange[]): void {
  if (changes.length === 0) return;
  void pulumi.log.info(`machines and their data:\n${changes.map(({ words }) => `  ${words}`).join("\n")}`);
}
