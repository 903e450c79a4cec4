import type { Host } from "../../lib/host";
import type { Log } from "../../lib/progress";
import { belongsTo, inspect } from "../driver/inspect";
import { parseMachineList } from "../driver/output";
import type { VBoxManage } from "../driver/vboxmanage";
import { absentNetwork } from "../network/network";
import { type LabSpecification, labelOf } from "../specification/lab";
import { absentMachine } from "./machine";
import { isElsewhere, readRecord } from "./record";

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
