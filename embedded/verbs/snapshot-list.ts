import { hasOption, type OptionRule, parseArguments } from "../arguments";
import { VirtualBoxError } from "../errors";
import type { SnapshotRecord, StoredMachine } from "../machine/record";
import type { Call } from "./verb";

const USAGE = "snapshot <uuid|vmname> list [--details | --machinereadable]";

/** `snapshot NAME list` */
export async function printSnapshots({ print }: Call, machine: StoredMachine, rest: string[]): Promise<void> {
  const rules: OptionRule[] = ["machinereadable", "details"].map((name) => ({
    names: [name],
    values: 0 as const,
  }));
  const parsed = parseArguments(rest, rules, USAGE, { least: 0, most: 0 });
  if (machine.snapshots.length === 0) {
    print("This machine does not have any snapshots");
    throw new QuietFailure();
  }
  if (hasOption(parsed, "machinereadable")) for (const line of snapshotLines(machine)) print(line);
  else for (const line of snapshotTree(machine)) print(line);
}

/** Status 1 without a word on standard error, as the real one does there. */
export class QuietFailure extends VirtualBoxError {
  constructor() {
    super("");
  }
  override text(): string {
    return "";
  }
}

function snapshotTree(machine: StoredMachine, parent?: string, indent = "   "): string[] {
  return childrenOf(machine, parent).flatMap((candidate) => {
    const mark = candidate.uuid === machine.currentSnapshot ? " *" : "";
    return [
      `${indent}Name: ${candidate.name} (UUID: ${candidate.uuid})${mark}`,
      ...(candidate.description ? [`${indent}Description: ${candidate.description}`] : []),
      ...snapshotTree(machine, candidate.uuid, `${indent}   `),
    ];
  });
}

/** Snapshots that follow this one; without a parent the first of all. */
export function childrenOf(machine: StoredMachine, parent: string | undefined): SnapshotRecord[] {
  return machine.snapshots.filter((candidate) => candidate.parent === parent);
}

/** Keys of showvminfo and of `snapshot list --machinereadable`: `SnapshotName`, its child `SnapshotName-1`. */
export function snapshotLines(machine: StoredMachine, parent?: string, prefix = ""): string[] {
  return childrenOf(machine, parent).flatMap((candidate, index) => {
    const suffix = parent === undefined ? "" : `${prefix}-${index + 1}`;
    const current = [
      `CurrentSnapshotName="${candidate.name}"`,
      `CurrentSnapshotUUID="${candidate.uuid}"`,
      `CurrentSnapshotNode="SnapshotName${suffix}"`,
    ];
    return [
      `SnapshotName${suffix}="${candidate.name}"`,
      `SnapshotUUID${suffix}="${candidate.uuid}"`,
      ...(candidate.description ? [`SnapshotDescription${suffix}="${candidate.description}"`] : []),
      ...(candidate.uuid === machine.currentSnapshot ? current : []),
      ...snapshotLines(machine, candidate.uuid, suffix),
    ];
  });
}
