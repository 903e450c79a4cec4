import type { Log } from "../../lib/progress";
import { RemedyError } from "../../lib/remedy-error";
import { labFolders } from "../driver/folders";
import type { VBoxManage } from "../driver/vboxmanage";
import { isStopped, stateOf } from "../machine/power";
import { readMembers } from "../reality/members";
import { type MachineReference, shortName } from "../specification/lab";
import type { GuestAccess } from "./guest-access";
import {
  askRunning,
  QUESTION_SECONDS,
  type QuestionPatience,
  requireConsent,
  requireWay,
} from "./guest-question";
import type { AskGuest } from "./guest-shell";
import { stepAside } from "./step-aside";

/**
 * Takes a machine out of the lab in good order before it goes. One that runs does that itself. One that does not, or does not
 * answer, is taken out by a living one of its kind; where it is to be recreated under its name it needs no leave.
 * @throws RemedyError where it must not go, or nobody is there to take it out.
 */
export async function leaveLab(
  vbox: VBoxManage,
  reference: MachineReference,
  access: GuestAccess,
  ask: AskGuest,
  log: Log,
  patience?: QuestionPatience,
): Promise<void> {
  const { lab } = await labFolders(vbox, reference.group);
  const members = await readMembers(lab, reference);
  const returns = members.includes(shortName(reference));
  const state = await stateOf(vbox, reference.machine);
  if (state !== undefined && !isStopped(state)) {
    if (await leavesItself(access, ask, returns ? members : undefined, log, patience)) return;
  } else log(state === undefined ? "is not there any more" : "does not run");
  if (returns) log("comes back under its name, as it is known: nobody takes it out");
  else await forget(access, ask, log);
}

/**
 * @param members names of the machines that the lab is to have, where this one comes back
 * @returns whether it has left; not where it does not answer
 */
async function leavesItself(
  access: GuestAccess,
  ask: AskGuest,
  members: readonly string[] | undefined,
  log: Log,
  patience?: QuestionPatience,
): Promise<boolean> {
  if (members !== undefined) await stepAside(ask, access, members, log, patience);
  const command = `sudo kube-lab leave${members === undefined ? "" : " --returning"}`;
  const answer = await askRunning(ask, access.machine, command, log, patience);
  if (!answer.reached) {
    await requireWay(ask, access);
    log(`does not answer by SSH: ${answer.reason}`);
    return false;
  }
  requireConsent(access.machine.name, "leaving the lab", answer);
  return true;
}

/** The first living one of its kind takes it out. @throws RemedyError where none could. */
async function forget({ machine, peers }: GuestAccess, ask: AskGuest, log: Log): Promise<void> {
  const others = peers.filter(({ name }) => name !== machine.name);
  if (peers.length === 0) return;
  const refusals: string[] = [];
  for (const peer of others) {
    const command = `sudo kube-lab forget ${machine.name} ${machine.address}`;
    const answer = await ask(peer, command, QUESTION_SECONDS);
    if (answer.reached && answer.status === 0) {
      log(`taken out of the lab by ${peer.name}`);
      return;
    }
    refusals.push(`  ${peer.name}: ${answer.reached ? answer.lastWords : answer.reason}`);
  }
  throw new RemedyError(
    `${machine.name} is to go for good and can't leave the lab by itself, and no other machine could take it out:\n${refusals.join("\n")}`,
    "Start the lab first, `npm run start`, and run again. Where the whole lab is to go: `npm run down`.",
  );
}
