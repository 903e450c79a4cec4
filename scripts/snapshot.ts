import { type LabSnapshot, listSnapshots } from "../hypervisor/machine/snapshots";
import { type CommandLine, runCommand } from "../lib/command-line";
import { table } from "../lib/table";
import { openLab } from "./set-up/open-lab";
import { type snapshotOptions, snapshotRequest, snapshotUsage } from "./snapshot/arguments";
import { deleteLabSnapshot, restoreLabSnapshot, takeLabSnapshot } from "./snapshot/lab-snapshots";

async function main({ stack, values, words }: CommandLine<typeof snapshotOptions>): Promise<void> {
  const request = snapshotRequest(values, words);
  const lab = await openLab(stack);
  switch (request.do) {
    case "take":
      return takeLabSnapshot(lab, request.name);
    case "restore":
      return restoreLabSnapshot(lab, request.name);
    case "delete":
      return deleteLabSnapshot(lab, request.name);
    case "list":
      return show(await listSnapshots(lab.vbox, lab.outputs.machines));
  }
}

function show(snapshots: readonly LabSnapshot[]): void {
  if (snapshots.length === 0) {
    console.log("The lab has no snapshots. Take one: npm run snapshot -- NAME");
    return;
  }
  const rows = snapshots.map(({ name, takenAt, holders, machineCount, isCurrent }) => [
    isCurrent ? "*" : "",
    name,
    takenAt,
    `${holders.length} of ${machineCount}`,
  ]);
  console.log(table(["", "name", "taken", "machines"], rows));
}

void runCommand(snapshotUsage, main);
