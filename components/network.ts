import type * as command from "@pulumi/command";
import type * as pulumi from "@pulumi/pulumi";
import { networkEnvironment } from "../hypervisor/environment";
import type { LabPlan } from "../plan/lab-plan";
import { LabComponent } from "./lab-component";
import { localCommand } from "./local-command";
import { otherProgram } from "./own-program";

export interface NetworkArgs {
  plan: LabPlan;
  /** The lab's record's, or a new one: a record that is gone is written again. */
  incarnation: string;
}

/**
 * The lab's folder on the host, with the record of what the lab is made with, and, where the configuration asks for one, its
 * host-only interface. Internal networks need
 * no making: they are there as long as a machine is on them.
 */
export class Network extends LabComponent {
  /** Made first, deleted last, never replaced: it goes only when the whole lab goes. */
  readonly command: command.local.Command;

  constructor(name: string, args: NetworkArgs, opts?: pulumi.ComponentResourceOptions) {
    super("Network", name, opts);
    const { plan, incarnation } = args;
    const program = otherProgram();
    this.command = localCommand(
      `${name}-host`,
      {
        ensure: "network ensure",
        absent: "network absent",
        environment: {
          ...networkEnvironment(plan, incarnation),
          ...(program === undefined ? {} : { MADE_WITH_PROGRAM: program }),
        },
      },
      { parent: this },
    );
    this.registerOutputs({});
  }
}
