import { setTimeout as sleep } from "node:timers/promises";
import type { Log } from "../../lib/progress";
import { RemedyError } from "../../lib/remedy-error";
import type { Guest, GuestAccess } from "./guest-access";
import type { AskGuest, GuestAnswer } from "./guest-shell";

/** For a guest's command: it waits inside, for what it can wait for, not longer. */
export const QUESTION_SECONDS = 900;

/** A machine that was started just now lets nobody in for a moment. */
export interface QuestionPatience {
  boundSeconds: number;
  pauseSeconds: number;
}

const PATIENCE: QuestionPatience = { boundSeconds: 60, pauseSeconds: 3 };

/** Asks a machine that runs, again and again until it answers or the patience ends. */
export async function askRunning(
  ask: AskGuest,
  guest: Guest,
  command: string,
  log: Log,
  { boundSeconds, pauseSeconds }: QuestionPatience = PATIENCE,
): Promise<GuestAnswer> {
  const started = Date.now();
  for (;;) {
    const answer = await ask(guest, command, QUESTION_SECONDS);
    const elapsed = (Date.now() - started) / 1000;
    if (answer.reached || elapsed >= boundSeconds) return answer;
    log(`no answer by SSH yet, ${Math.round(elapsed)} s: ${answer.reason}`);
    await sleep(pauseSeconds * 1000);
  }
}

/**
 * To be called for a running machine that does not answer: it serves nobody, and may go, where it is the machine that is
 * silent; where it is the way to it, it may hold what others need.
 * @throws RemedyError where the gateway does not answer either.
 */
export async function requireWay(ask: AskGuest, { gateway, machine }: GuestAccess): Promise<void> {
  const answer = await ask(gateway, "true", 60);
  if (answer.reached) return;
  throw new RemedyError(
    `Nobody can be asked whether ${machine.name} may go: the gateway ${gateway.name} does not answer by SSH: ${answer.reason}`,
    "See what is wrong with it first: `npm run status`, or its window in VirtualBox; `npm run start` starts a lab that is off.",
  );
}

/** @throws RemedyError with the machine's own words where it said no. */
export function requireConsent(
  machine: string,
  what: string,
  answer: Extract<GuestAnswer, { reached: true }>,
): void {
  if (answer.status === 0) return;
  throw new RemedyError(
    `${machine} says no to ${what}: ${answer.lastWords || `status ${answer.status}`}`,
    "Nothing was done to it. `npm run status` shows how the lab is; fix what it names, then run again.",
  );
}
