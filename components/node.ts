import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import type { MachinePlan } from "../plan/lab-plan";
import { connectionTo } from "./connection";
import type { Site } from "./site";

export interface NodeArgs {
  site: Site;
  machine: MachinePlan;
  /** Secret: all that makes the machine what it is, by cloud-init/delivery.ts. */
  delivered: pulumi.Input<string>;
  /** The machine that it lives and dies with: a new one makes it leave and come again. */
  hardware: { id: pulumi.Output<string>; started: pulumi.Output<string> };
  /** The jump host; absent for the gateway itself. */
  gateway?: Node;
  /** Its predecessor in the role, where one after the other is changed. */
  after?: Node;
}

/**
 * What runs inside one machine, through SSH. Its create waits until the machine has converged and shows the progress, its
 * update delivers changed files, its delete takes the node out of the lab in good order.
 */
export class Node extends pulumi.ComponentResource {
  /** Done once the machine has converged. */
  readonly command: command.remote.Command;

  constructor(name: string, args: NodeArgs, opts?: pulumi.ComponentResourceOptions) {
    super("lab:index:Node", name, {}, opts);
    const { site, machine, delivered, hardware, gateway, after } = args;
    // A machine that was started again is waited for again. kube-lab itself has no use for the time.
    const apply = pulumi.interpolate`sudo kube-lab apply --started ${hardware.started}`;
    const dependsOn: Promise<pulumi.Resource[]> = site.starting.all.then((started) => [
      // Whom this one waits for inside must not wait for this one's place in the engine.
      ...started,
      // Its SSH carries this node's, also when this one leaves: it must be there before and go after.
      ...(gateway === undefined ? [] : [gateway.command]),
      // A role with a quorum or a virtual IP changes one machine at a time.
      ...(after === undefined ? [] : [after.command]),
    ]);
    this.command = new command.remote.Command(
      `${name}-apply`,
      {
        connection: connectionTo(site, machine),
        create: apply,
        update: apply,
        delete: "sudo kube-lab leave",
        stdin: pulumi.secret(delivered),
        triggers: [hardware.id],
        addPreviousOutputInEnv: false,
      },
      {
        parent: this,
        dependsOn,
        // It leaves before its machine goes; it can't come again under the same name before it has left.
        deleteBeforeReplace: true,
        // Where the whole lab goes nobody needs to be drained.
        deletedWith: site.network.command,
        customTimeouts: { create: "20m", update: "20m", delete: "10m" },
      },
    );
    this.registerOutputs({});
  }
}
