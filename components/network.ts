import type * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { networkEnvironment } from "../hypervisor/environment";
import type { LabPlan } from "../plan/lab-plan";
import { localCommand } from "./local-command";

export interface NetworkArgs {
  plan: LabPlan;
}

/**
 * The lab's folder on the host and, where the configuration asks for one, its host-only interface. Internal networks need
 * no making: they are there as long as a machine is on them.
 */
export class Network extends pulumi.ComponentResource {
  /** Made first, deleted last, never replaced: it goes only when the whole lab goes. */
  readonly command: command.local.Command;

  constructor(name: string, args: NetworkArgs, opts?: pulumi.ComponentResourceOptions) {
    super("lab:index:Network", name, {}, opts);
    this.command = localCommand(
      `${name}-host`,
      { ensure: "network ensure", absent: "network absent", environment: networkEnvironment(args.plan) },
      { parent: this },
    );
    this.registerOutputs({});
  }
}
