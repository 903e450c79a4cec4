import type { Host } from "./host";
import { belongsTo, inspect } from "./inspect";
import { absentMachine } from "./machine";
import { absentNetwork } from "./network";
import { parseMachineList } from "./output";
import type { Log } from "./progress";
import { isElsewhere, readRecord } from "./record";
import { type LabSpecification, labelOf } from "./specification";
import type { VBoxManage } from "./vboxmanage";

/**
 * Removes the machines of a lab that no state knows any more: made from this project before its state was lost, or from one
 * whose folder is gone. For after `pulumi destroy`, when whatever has a record is such a machine. Those of another checkout stay.
 * @returns the other checkouts that have machines under this lab's name
 */
export async function removeAbandoned(
  vbox: VBoxManage,
  lab: LabSpecification,
  host: Pick<Host, "project" | "exists">,
  log: Log,
): Promise<string[]> {
  const known = parseMachineList(await vbox.call(["list", "vms"]));
  const prefix = `${labelOf(lab.group)}-`;
  const others = new Set<string>();
  let removed = 0;
  for (const machine of [...known.keys()].filter((name) => name.startsWith(prefix))) {
    const info = await inspect(vbox, machine);
    const record = info && belongsTo(info, lab.group, machine) ? await readRecord(info) : undefined;
    if (record === undefined) continue;
    if (isElsewhere(record, host)) {
      others.add(record.project);
      continue;
    }
    log(`${machine}, of a lab whose state is lost`);
    await absentMachine(vbox, { ...lab, machine }, log);
    removed++;
  }
  if (removed > 0 && others.size === 0) await absentNetwork(vbox, lab, host.project, log);
  return [...others];
}
