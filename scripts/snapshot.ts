import { type LabSnapshot, listSnapshots } from "../hypervisor/snapshots";
import { fail, parseStackArguments } from "./command-line";
import { openLab } from "./existing-lab";
import { deleteLabSnapshot, restoreLabSnapshot, takeLabSnapshot } from "./lab-snapshots";
import { parseSnapshotArguments } from "./snapshot-arguments";
import { table } from "./table";

/** `npm run snapshot [-- --stack NAME] [NAME | --list | --restore NAME | --delete NAME]` */
async function main(): Promise<void> {
  const { stack, rest } = parseStackArguments(process.argv.slice(2));
  const request = parseSnapshotArguments(rest);
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

main().catch(fail(1));
