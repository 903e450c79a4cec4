import * as pulumi from "@pulumi/pulumi";
import type { MachineCredentials } from "../cloud-init/credentials";
import { delivery } from "../cloud-init/delivery";
import { guestFiles } from "../cloud-init/guest-files";
import { metaData } from "../cloud-init/meta-data";
import { networkConfig } from "../cloud-init/network-config";
import { userData } from "../cloud-init/user-data";
import { dataDiskEnvironment, machineEnvironment, seedEnvironment } from "../hypervisor/environment";
import { isSettled } from "../hypervisor/reality/settled";
import type { MachinePlan } from "../plan/lab-plan";
import { guestAccess } from "./guest-access";
import { brokenInside } from "./inside";
import { LabComponent } from "./lab-component";
import { localCommand } from "./local-command";
import { Node } from "./node";
import { observationOf, templateOf } from "./observation";
import type { DeliveredReleases } from "./releases";
import type { Site } from "./site";
import { waitsForStart } from "./waiting";

export interface MachineArgs {
  site: Site;
  machine: MachinePlan;
  /** Secret. */
  credentials: pulumi.Output<MachineCredentials>;
  /** The jump host; absent for the gateway itself. */
  gateway?: Machine;
  /** Its predecessor in a role whose machines must not all be away at the same moment. */
  after?: Machine;
  /** Images that it is to have before it is changed. */
  releases?: DeliveredReleases;
  /** What is inside a worker may not be of a later release than the masters: it waits for them, whether it runs or not. */
  behind?: readonly Machine[];
}

/** A machine from its seed to the node in it. */
export class Machine extends LabComponent {
  readonly plan: MachinePlan;
  /** None while it is made and not started. */
  readonly node?: Node;

  constructor(name: string, args: MachineArgs, opts?: pulumi.ComponentResourceOptions) {
    super("Machine", name, opts);
    const { site, machine, credentials } = args;
    const observation = observationOf(site.observations, machine.name);
    const seedOf = seedEnvironment(site.plan, machine, observation.incarnation);
    const runs = observation.state === "running";
    const waits = waitsForStart(machine, observation);
    const gateway = args.gateway?.node;
    // New machines all start at once; of those that run, the next is changed when the one before it is back.
    const after = runs ? args.after?.node : undefined;
    const hostKey = site.pki.hostKeyOf(machine).fingerprint;
    const { renewal } = observation;
    const image = templateOf(observation) ?? site.image.template;
    const delivered = pulumi
      .secret(credentials)
      .apply((known) =>
        delivery(guestFiles(site.plan, machine, known, site.own.get(machine.name), site.outside)),
      );

    const seed = localCommand(
      `${name}-seed`,
      {
        ensure: "seed ensure",
        absent: "seed absent",
        environment: seedOf,
        stdin: pulumi.all([delivered, credentials]).apply(([files, known]) =>
          JSON.stringify({
            userData: userData(site.plan, machine, files, known),
            metaData: metaData(site.plan, machine),
            networkConfig: networkConfig(machine),
          }),
        ),
      },
      {
        parent: this,
        // It is written into the lab's folder.
        dependsOn: [site.network.command],
        // A living machine has read its seed long ago: what changes since reaches it by its node.
        ignoreChanges: isSettled(observation) ? ["stdin"] : [],
      },
    );

    // Before its machine and after it: one that is recreated, by whatever cause, takes the disk up again.
    const dataDisk =
      machine.dataDiskGiB === undefined
        ? []
        : [
            localCommand(
              `${name}-data-disk`,
              {
                ensure: "disk ensure",
                absent: "disk absent",
                environment: dataDiskEnvironment(site.plan, machine, machine.dataDiskGiB),
              },
              { parent: this, dependsOn: [site.network.command] },
            ),
          ];

    const hardware = localCommand(
      `${name}-hardware`,
      {
        ensure: "machine ensure",
        absent: "machine absent",
        environment: {
          ...machineEnvironment(site.plan, machine, "", observation.incarnation),
          IMAGE: image,
          HOST_KEY: hostKey,
          ...(renewal === undefined ? {} : { RENEWAL: renewal }),
          ...(waits ? { AUTO_START: "false" } : {}),
        },
        // By it a running machine is asked before it is switched off for a change; the gateway is the way, and serves on till then.
        ...(gateway === undefined ? {} : { stdin: guestAccess(site, machine, []) }),
        // A linked clone can't change what it is a clone of, nor take another host key than its first boot's.
        triggers: [image, hostKey, ...(renewal === undefined ? [] : [renewal])],
      },
      {
        parent: this,
        dependsOn: [
          // Its first boot reads the seed.
          seed,
          ...dataDisk,
          // Its node may have to leave before, and that is through the gateway.
          ...(runs && gateway !== undefined ? [gateway.command] : []),
          ...(runs && args.releases !== undefined ? [args.releases.command] : []),
          ...(after === undefined ? [] : [after.command]),
        ],
        // Name, addresses and ports can be one machine's only.
        deleteBeforeReplace: true,
        customTimeouts: { create: "20m", update: "30m", delete: "10m" },
      },
    );
    this.plan = machine;
    if (!runs) site.starting.add(hardware);
    if (!waits) {
      // What it prints is no secret, unlike a part of what it is told.
      const started = pulumi.unsecret(hardware.stdout).apply(startOf);
      this.node = new Node(
        `${name}-node`,
        {
          site,
          machine,
          delivered,
          broken: brokenInside(observation),
          hardware: { id: hardware.id, started },
          ...(gateway === undefined ? {} : { gateway }),
          after: [after ?? [], (args.behind ?? []).flatMap(({ node }) => node ?? [])].flat(),
        },
        { parent: this },
      );
    }
    this.registerOutputs({ address: machine.address });
  }
}

/** When the machine was last started, of what `machine ensure` prints. */
function startOf(stdout: string): string {
  return (JSON.parse(stdout) as { started: string }).started;
}
