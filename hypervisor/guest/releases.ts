import { readFile } from "node:fs/promises";
import path from "node:path";
import type { Host } from "../../lib/host";
import type { RunProcess } from "../../lib/process";
import type { Log } from "../../lib/progress";
import { RemedyError } from "../../lib/remedy-error";
import type { LabFolders } from "../driver/folders";
import { inspect } from "../driver/inspect";
import type { VBoxManage } from "../driver/vboxmanage";
import { ensureBundleVolume } from "../machine/bundle-volume";
import { isStopped } from "../machine/power";
import { readRecord } from "../machine/record";
import { type LabSpecification, labelOf } from "../specification/lab";
import type { Guest } from "./guest-access";
import { askRunning, type QuestionPatience } from "./guest-question";
import type { AskGuest } from "./guest-shell";

/** What a guest runs to take images out of its drive; sent to it, since one of an earlier version of this program has none of it. */
const SCRIPTS = ["cloud-init/image/bundle.sh", "cloud-init/kubernetes/import.sh"];

/** By what the work is done. */
export interface Means {
  ask: AskGuest;
  folders: LabFolders;
  host: Host;
  /** A log for each machine. */
  logFor: (subject: string) => Log;
  patience?: QuestionPatience;
  run?: RunProcess;
}

/**
 * Puts the volume with programs and images of other releases into the drives of machines that run, and has each take the images up.
 * Nothing that runs is changed by it. A machine that is off gets its volume when it is started.
 * @throws RemedyError where one that runs does not take them up: then nothing is changed yet.
 */
export async function bringReleases(
  vbox: VBoxManage,
  wanted: LabSpecification & { releases: string },
  guests: readonly Guest[],
  means: Means,
): Promise<void> {
  const { ask, folders, host, logFor, patience, run } = means;
  const command = await importCommand(host.project);
  const outcomes = await Promise.allSettled(
    guests.map(async (guest) => {
      const log = logFor(guest.name);
      const machine = `${labelOf(wanted.group)}-${guest.name}`;
      const info = await inspect(vbox, machine);
      if (info === undefined || isStopped(info.get("VMState") ?? "")) return;
      const record = await readRecord(info);
      const request = { machine, releases: wanted.releases };
      if (!(await ensureBundleVolume(vbox, request, { info, record }, folders, log, host, run))) return;
      const answer = await askRunning(ask, guest, command, log, patience);
      const words = answer.reached ? answer.lastWords : `no answer by SSH: ${answer.reason}`;
      if (!answer.reached || answer.status !== 0) throw new Error(`  ${guest.name}: ${words}`);
    }),
  );
  const failures = outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason] : []));
  const other = failures.find((failure) => failure instanceof RemedyError);
  if (other !== undefined) throw other;
  if (failures.length > 0)
    throw new RemedyError(
      `The programs and images of ${wanted.releases} did not reach every machine:\n${failures
        .map((failure) => (failure instanceof Error ? failure.message : String(failure)))
        .join("\n")}`,
      "Nothing was changed yet. `npm run status` shows how the lab is; fix what it names, then run again.",
    );
}

/** One line for any shell: what is in it needs no quotes. */
async function importCommand(project: string): Promise<string> {
  const scripts = await Promise.all(SCRIPTS.map((file) => readFile(path.join(project, file), "utf8")));
  return `echo ${Buffer.from(scripts.join("\n")).toString("base64")} | base64 --decode | sudo bash`;
}
