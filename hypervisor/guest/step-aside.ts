import type { Log } from "../../lib/progress";
import type { GuestAccess } from "./guest-access";
import { askRunning, type QuestionPatience, requireConsent, requireWay } from "./guest-question";
import type { AskGuest } from "./guest-shell";

/** What a guest of before this verb says to it: sysexits' EX_USAGE. */
const UNKNOWN_VERB = 64;

/**
 * Asks a running machine to make ready to be away for a while; it comes back when the machine may be switched off. A machine
 * that does not answer serves nobody.
 * @param members names of the machines that the lab is to have: who is lost and none of them counts for nobody
 * @throws RemedyError where it says no, with its reason, or where the way to it is broken.
 */
export async function stepAside(
  ask: AskGuest,
  access: GuestAccess,
  members: readonly string[],
  log: Log,
  patience?: QuestionPatience,
): Promise<void> {
  const { name } = access.machine;
  const command = ["sudo kube-lab step-aside", ...members].join(" ");
  const answer = await askRunning(ask, access.machine, command, log, patience);
  if (!answer.reached) {
    await requireWay(ask, access);
    log(`does not answer by SSH, so it serves nobody: going on (${answer.reason})`);
    return;
  }
  if (answer.status === UNKNOWN_VERB) log("was made before machines could step aside: going on");
  else requireConsent(name, "being away for a while", answer);
}
