import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { nodeEnvironment } from "../hypervisor/environment";
import type { MachinePlan } from "../plan/lab-plan";
import { connectionTo } from "./connection";
import { guestAccess, peersOf } from "./guest-access";
import { LabComponent } from "./lab-component";
import { localCommand } from "./local-command";
import type { Site } from "./site";

export interface NodeArgs {
  site: Site;
  machine: MachinePlan;
  /** Secret: all that makes the machine what it is, by cloud-init/delivery.ts. */
  delivered: pulumi.Input<string>;
  /** What is broken inside, a reason to converge again. */
  broken: string | undefined;
  /** The machine that it lives and dies with: a new one makes it leave and come again. */
  hardware: { id: pulumi.Output<string>; started: pulumi.Output<string> };
  /** The jump host; absent for the gateway itself. */
  gateway?: Node;
  /** Whom it comes after: its predecessor in the role, where one after the other is changed. */
  after: readonly Node[];
}

/**
 * What runs inside one machine, through SSH. Its create waits until the machine has converged and shows the progress, its
 * update delivers changed files. Before the machine goes, a local command has it leave the lab in good order, or a living one
 * take it out.
 */
export class Node extends LabComponent {
  /** Done once the machine has converged. */
  readonly command: command.remote.Command;

  constructor(name: string, args: NodeArgs, opts?: pulumi.ComponentResourceOptions) {
    super("Node", name, opts);
    const { site, machine, delivered, broken, hardware, gateway, after } = args;
    const leave = gateway && this.leaveOf(name, args, gateway);
    // A machine that was started again is waited for again. kube-lab itself has no use for the time.
    const apply = pulumi.interpolate`sudo kube-lab apply --started ${hardware.started}`;
    const dependsOn: Promise<pulumi.Resource[]> = site.starting.all.then((started) => [
      // Whoever may have joined can leave.
      ...(leave === undefined ? [] : [leave]),
      // Whom this one waits for inside must not wait for this one's place in the engine.
      ...started,
      // Its SSH carries this node's.
      ...(gateway === undefined ? [] : [gateway.command]),
      // A role with a quorum or a virtual IP changes one machine at a time.
      ...after.map((node) => node.command),
    ]);
    this.command = new command.remote.Command(
      `${name}-apply`,
      {
        connection: connectionTo(site, machine),
        create: apply,
        update: broken === undefined ? "sudo kube-lab apply" : `sudo kube-lab apply --because '${broken}'`,
        stdin: pulumi.secret(delivered),
        triggers: [hardware.id],
        addPreviousOutputInEnv: false,
      },
      {
        parent: this,
        dependsOn,
        // The last reason stays where it is; a new one makes an update.
        ignoreChanges: broken === undefined ? ["update"] : [],
        // It can't be there a second time under the same name.
        deleteBeforeReplace: true,
        deletedWith: site.network.command,
        customTimeouts: { create: "20m", update: "20m", delete: "10m" },
      },
    );
    this.registerOutputs({});
  }

  /** All but the gateway, whom nobody would miss under the same name, leave the lab before their machines go. */
  private leaveOf(name: string, { site, machine, hardware }: NodeArgs, gateway: Node): pulumi.Resource {
    return localCommand(
      `${name}-leave`,
      {
        absent: "node leave",
        environment: nodeEnvironment(site.plan, machine),
        stdin: guestAccess(site, machine, peersOf(site.plan, machine)),
        triggers: [hardware.id],
      },
      {
        parent: this,
        // Its SSH carries this node's when it leaves: it must go after.
        dependsOn: [gateway.command],
        // It can't come again under the same name before it has left.
        deleteBeforeReplace: true,
        // Where the whole lab goes nobody needs to be drained.
        deletedWith: site.network.command,
        customTimeouts: { delete: "30m" },
      },
    );
  }
}
