import path from "node:path";
import type { Host } from "../../lib/host";
import { type Log, withProgress } from "../../lib/progress";
import { RemedyError } from "../../lib/remedy-error";
import type { Guest } from "../guest/guest-access";
import { askRunning, type QuestionPatience } from "../guest/guest-question";
import type { AskGuest } from "../guest/guest-shell";
import { openArchive } from "./open-archive";
import { type ArchiveInForce, unwantedOn } from "./own-archives";
import {
  failureOf,
  type ImageGoal,
  type LoadCommand,
  loadCommand,
  mib,
  obstacles,
  type Surveyed,
  surveyed,
} from "./survey";

/** Machines that take images in at the same time: each has two processes of `ssh` here, and all share the gateway. */
const AT_ONCE = 16;

/** For one archive: a large one over a busy gateway. */
const IMPORT_SECONDS = 3600;

/** By what the work is done. */
interface Means {
  ask: AskGuest;
  host: Pick<Host, "project">;
  /** A log for each machine. */
  logFor: (subject: string) => Log;
  patience?: QuestionPatience;
}

/** A machine that could not be asked, or did not do it. */
interface Failure {
  name: string;
  reason: string;
}

/**
 * Asks machines what they have.
 * @returns who answered, and who did not
 */
export async function surveyImages(
  goals: readonly ImageGoal[],
  { ask, host, patience }: Omit<Means, "logFor">,
): Promise<{ surveys: Surveyed[]; failures: Failure[] }> {
  const command = (await loadCommand(host))("survey");
  const failures: Failure[] = [];
  const surveys = await inParallel(goals, async (goal) => {
    const quiet: AskGuest = (guest, line, seconds) => ask(guest, line, seconds, { isQuiet: true });
    const answer = await askRunning(quiet, goal.guest, command, () => undefined, patience);
    const reason = failureOf(answer);
    if (reason === undefined && answer.reached) return [surveyed(goal, answer.output)];
    failures.push({ name: goal.guest.name, reason: reason ?? "" });
    return [];
  });
  return { surveys: surveys.flat(), failures };
}

/**
 * Gives each machine the images that it is to have and lacks, pins them, and takes away those that it was given and is not to have any
 * more. What is there already costs a question.
 * @param onReady is done when all can take them in, before the first is touched
 * @throws RemedyError before anything is touched where one has no room for them; after the others have theirs where one failed.
 */
export async function bringImages(
  goals: readonly ImageGoal[],
  means: Means,
  onReady: () => Promise<void> = async () => undefined,
): Promise<void> {
  const { surveys, failures } = await surveyImages(goals, means);
  const problems = surveys.flatMap(obstacles);
  if (problems.length > 0)
    throw new RemedyError(
      `The images cannot be brought to every machine:\n${problems.map((problem) => `  ${problem}`).join("\n")}`,
      "Nothing was changed. Fix what is named, then run again; npm run load -- --list shows what is asked for.",
    );
  await onReady();
  const command = await loadCommand(means.host);
  await inParallel(surveys, async (machine) => {
    const reason = await bringTo(machine, command, means);
    if (reason !== undefined) failures.push({ name: machine.guest.name, reason });
  });
  if (failures.length === 0) return;
  const lines = failures.map(({ name, reason }) => `  ${name}: ${reason}`);
  throw new RemedyError(
    `Not every machine has the images:\n${lines.toSorted().join("\n")}`,
    "npm run status shows how the lab is; fix what it names, then npm run up gives them what they lack.",
  );
}

/** Takes every image of a person's own away from machines; who does not answer keeps his. */
export async function removeImages(guests: readonly Guest[], means: Means): Promise<void> {
  const goals = guests.map((guest) => ({ guest, archives: [] }));
  const { surveys, failures } = await surveyImages(goals, means);
  for (const { name, reason } of failures)
    means.logFor(name)(`keeps the images that it was given: ${reason}`);
  const command = await loadCommand(means.host);
  await inParallel(surveys, async (machine) => {
    const reason = await bringTo(machine, command, means);
    if (reason !== undefined)
      means.logFor(machine.guest.name)(`keeps the images that it was given: ${reason}`);
  });
}

/** @returns why it failed */
async function bringTo(
  { guest, archives, survey, lacked }: Surveyed,
  command: LoadCommand,
  means: Means,
): Promise<string | undefined> {
  const log = means.logFor(guest.name);
  const unwanted = unwantedOn(archives, survey.noted);
  if (unwanted.length > 0) {
    log(`removing ${unwanted.join(", ")}`);
    const reason = failureOf(await means.ask(guest, command("forget", ...unwanted), IMPORT_SECONDS));
    if (reason !== undefined) return reason;
  }
  for (const archive of lacked) {
    const reason = await send(archive, guest, command, means);
    if (reason !== undefined) return reason;
  }
  if (unwanted.length + lacked.length === 0) log("has its images");
  return undefined;
}

async function send(
  archive: ArchiveInForce,
  guest: Guest,
  command: LoadCommand,
  { ask, host, logFor }: Means,
): Promise<string | undefined> {
  const log = logFor(guest.name);
  const names = archive.own.map(({ name }) => name).join(", ");
  const words = archive.own.map(({ name, digest }) => (digest === undefined ? name : `${name}=${digest}`));
  const input = await openArchive(path.resolve(host.project, archive.file));
  let sent = 0;
  input.on("data", (chunk: Buffer) => {
    sent += chunk.length;
  });
  input.pause();
  log(`loading ${names}, ${mib(archive.bytes)}`);
  const began = Date.now();
  const answer = await withProgress(
    log,
    `loading ${names}`,
    () => ask(guest, command("take", archive.sha256, ...words), IMPORT_SECONDS, { input }),
    () => `${mib(sent)} of ${mib(archive.bytes)} sent`,
  ).finally(() => input.destroy());
  const reason = failureOf(answer);
  if (reason === undefined) log(`loaded ${names} in ${((Date.now() - began) / 1000).toFixed(1)} s`);
  return reason;
}

/** Works on all, a bounded number of them at once; the results are in the same order. */
async function inParallel<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const worker = async () => {
    for (let at = next++; at < items.length; at = next++) {
      const item = items[at];
      if (item !== undefined) results[at] = await work(item);
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, items.length) }, worker));
  return results;
}
