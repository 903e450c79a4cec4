import { RemedyError } from "../../lib/remedy-error";
import { belongsTo, groupsOf } from "../driver/inspect";
import type { MachineReference } from "../specification/lab";
import type { MachineSpecification } from "../specification/machine";
import type { Info } from "./found";
import { isElsewhere, type MachineRecord } from "./record";

/** A machine that is neither where this lab's are nor carries our record is never touched. */
export function refuseForeign(
  reference: MachineReference,
  info: Info,
  record: MachineRecord | undefined,
): void {
  if (belongsTo(info, reference.group, reference.machine) || record) return;
  throw new RemedyError(
    `A machine named ${reference.machine} is there that is not of this lab: its group is ${groupsOf(info).join(", ")}.`,
    `Rename it or remove it in VirtualBox, or move it into the group ${reference.group} if it is this lab's after all.`,
  );
}

/** The machine of another lab with the same name: that of another checkout, or of one whose state is lost. */
export function refuseNamesake(
  { machine, hostKey }: MachineSpecification,
  record: MachineRecord | undefined,
): void {
  if (record === undefined || record.hostKey === hostKey) return;
  const { project } = record;
  throw new RemedyError(
    `The machine ${machine} is of another lab of this name, made from ${project}: its host key is not this one's.`,
    isElsewhere(record)
      ? `Take that lab down (\`npm run down\` in ${project}), or use another stack name here.`
      : "Nobody has that lab's keys any more: `npm run down` removes its machines.",
  );
}
