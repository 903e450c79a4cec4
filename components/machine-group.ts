import type * as pulumi from "@pulumi/pulumi";
import type { MachinePlan } from "../plan/lab-plan";
import { credentialsOf } from "./credentials";
import { LabComponent } from "./lab-component";
import { Machine, type MachineArgs } from "./machine";

export interface MachineGroupArgs extends Pick<MachineArgs, "site" | "gateway" | "releases" | "behind"> {
  machines: readonly MachinePlan[];
  /** Those that are changed one after another where they run already; default is all. */
  inTurn?: readonly MachinePlan[];
  /** How many of them at once; default is one. */
  atOnce?: number;
}

/**
 * The machines of one role. New ones are all made at once; of those that run, each that is changed in its turn comes after the one
 * before it.
 */
export class MachineGroup extends LabComponent {
  /** In the order of the arguments. */
  readonly machines: readonly Machine[];

  /** @param kind the type's own name, `Masters` */
  constructor(kind: string, name: string, args: MachineGroupArgs, opts?: pulumi.ComponentResourceOptions) {
    super(kind, name, opts);
    const { machines, inTurn = machines, atOnce = 1, ...shared } = args;
    const made = new Map<MachinePlan, Machine>();
    for (const machine of [...inTurn, ...machines.filter((other) => !inTurn.includes(other))]) {
      const before = inTurn[inTurn.indexOf(machine) - atOnce];
      const after = before && made.get(before);
      const credentials = credentialsOf(args.site, machine);
      const own = { ...shared, machine, credentials, ...(after && { after }) };
      made.set(machine, new Machine(`${name}-${machine.name}`, own, { parent: this }));
    }
    this.machines = machines.flatMap((machine) => made.get(machine) ?? []);
    this.registerOutputs({});
  }
}
