import { readFile } from "node:fs/promises";
import path from "node:path";
import type { Host } from "../../lib/host";
import type { Guest } from "../guest/guest-access";
import type { GuestAnswer } from "../guest/guest-shell";
import { type ArchiveInForce, lackedBy, type NotedImage, neededFor, type OwnArchive } from "./own-archives";

/** What runs on the machine; sent to it, since one of an earlier version of this program has none of it. */
const SCRIPT = "cloud-init/kubernetes/load.sh";

/** What a machine says before anything is sent to it. */
interface ImageSurvey {
  /** Bytes where containerd keeps images; undefined where it does not tell. */
  free: number | undefined;
  /** Names of the lab's own programs. */
  labs: string[];
  noted: NotedImage[];
}

/** A machine, and what it is to have. */
export interface ImageGoal {
  guest: Guest;
  archives: readonly OwnArchive[];
}

/** A goal, and what the machine says. */
export interface Surveyed extends ImageGoal {
  survey: ImageSurvey;
  lacked: ArchiveInForce[];
}

/** How a verb of the script is called on a machine: one line for its shell. */
export type LoadCommand = (verb: string, ...words: readonly string[]) => string;

export async function loadCommand({ project }: Pick<Host, "project">): Promise<LoadCommand> {
  const script = (await readFile(path.join(project, SCRIPT))).toString("base64");
  // Its standard input is the archive's. No word of these has what a shell minds.
  return (...words) => `sudo bash -c "$(echo ${script} | base64 --decode)" kube-lab-load ${words.join(" ")}`;
}

/** What the script's verb `survey` prints. */
function parseSurvey(text: string): ImageSurvey {
  const survey: ImageSurvey = { free: undefined, labs: [], noted: [] };
  for (const line of text.split("\n")) {
    const [what, first = "", name = ""] = line.trim().split(" ");
    if (what === "free" && /^\d+$/.test(first)) survey.free = Number(first);
    if (what === "lab") survey.labs.push(first);
    if (what === "has" || what === "lost")
      survey.noted.push({ archive: first, name, isThere: what === "has" });
  }
  return survey;
}

/** What a machine lacks, by what it says. */
export function surveyed(goal: ImageGoal, text: string): Surveyed {
  const survey = parseSurvey(text);
  return { ...goal, survey, lacked: lackedBy(goal.archives, survey.noted) };
}

/** Why a machine cannot take in what it lacks, a line each. */
export function obstacles({ guest, survey, lacked }: Surveyed): string[] {
  const needed = neededFor(lacked);
  const space =
    survey.free === undefined || survey.free >= needed
      ? []
      : [
          `${guest.name}: ${mib(survey.free)} are free in /var/lib/containerd, and about ${mib(needed)} are needed; make room there (crictl rmi, npm run load -- --remove NAME), or give the machines a larger disk (image.rootDiskGiB)`,
        ];
  const names = lacked.flatMap(({ own }) => own.map(({ name }) => name));
  const labs = names
    .filter((name) => survey.labs.includes(name))
    .map(
      (name) => `${guest.name}: ${name} is an image of the lab's own; give yours another name (docker tag)`,
    );
  return [...space, ...labs];
}

export function mib(bytes: number): string {
  return `${Math.ceil(bytes / 2 ** 20)} MiB`;
}

/** What an answer says of why the machine did not do it; undefined where it did. */
export function failureOf(answer: GuestAnswer): string | undefined {
  if (!answer.reached) return `does not answer by SSH: ${answer.reason}`;
  return answer.status === 0 ? undefined : answer.lastWords || `status ${answer.status}`;
}
