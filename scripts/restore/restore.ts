import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { ObservedState } from "../../hypervisor/reality/observation";
import type { ExistingLab } from "../../lab/existing-lab";
import type { OutputMachine } from "../../lab/outputs";
import type { LabShell } from "../../lab/shell";
import { type Log, logFor, waitFor } from "../../lib/progress";
import { RemedyError } from "../../lib/remedy-error";
import { together } from "../../lib/together";
import { machinesOf } from "../../plan/lab-plan";
import type { About } from "../backup/about";
import { refusalOf } from "../backup/back-up";

/** What a lab has to do with a backup, found out without touching anything. */
export interface RestorePlan {
  /** Masters that take the data. */
  members: OutputMachine[];
  /** Masters that run and have no place in the cluster yet: they wait meanwhile, and join. */
  waiting: OutputMachine[];
  /** Masters that are gone for good: the next `up` recreates them, and they join. */
  lost: OutputMachine[];
  /** Size of the snapshot. */
  bytes: number;
  /** How many writes of etcd the lab is ahead of the backup; undefined where that can't be told. */
  writesLost?: number;
}

/** What `kube-lab restore about` says. */
interface MasterAbout {
  authority: string;
  member: boolean;
  /** It was a member once, also where etcd's data is gone. */
  lived: boolean;
  /** Names of all masters, as it was last told, and as its etcd lists them. */
  masters: string[];
  revision: number | null;
}

const stepTimeoutMs = 300_000;
const boundSeconds = 600;
const repeat = "Fix it and repeat the command: it starts over.";
/** By so many a restore moves etcd's count of writes on; see cloud-init/kubernetes/backup.sh. */
const revisionBump = 1_000_000_000;

type Lab = Pick<ExistingLab, "plan" | "outputs">;

/**
 * @param states what is there of each machine
 * @param folder the lab's own, where one is known
 * @throws Error with every reason why the backup can't be used for this lab.
 */
export async function planRestore(
  lab: Lab,
  states: ReadonlyMap<string, ObservedState>,
  about: About,
  shell: Pick<LabShell, "run">,
  folder: string | undefined,
): Promise<RestorePlan> {
  const masters = lab.outputs.machines.filter(({ role }) => role === "master");
  const running = masters.filter(({ name }) => states.get(name) === "running");
  const lost = masters.filter((master) => !running.includes(master));
  const off = lost.filter(({ name }) => states.get(name) !== "missing");
  const fileOf = ({ hypervisorName }: OutputMachine) =>
    join(folder ?? "", hypervisorName, `${hypervisorName}.vbox`);
  const unregistered = lost.filter(
    (master) => folder !== undefined && !off.includes(master) && existsSync(fileOf(master)),
  );
  const told = await together(running, async (machine) => {
    const { stdout } = await succeed(shell, machine.name, "sudo kube-lab restore about");
    return { machine, ...(JSON.parse(stdout) as MasterAbout) };
  });
  const placed = told.filter(({ member }) => member);
  // Where etcd's data is gone from all, those that had it take it up again.
  const members = (placed.length > 0 ? placed : told.filter(({ lived }) => lived)).map(
    ({ machine }) => machine,
  );
  const named = new Set([
    ...told.flatMap((master) => master.masters),
    ...machinesOf(lab.plan, "master").map(({ name }) => name),
  ]);
  const unknown = [...named].filter((name) => !masters.some((master) => master.name === name));
  const problems = [
    ...(about.stack === lab.plan.stack
      ? []
      : [`it is of stack ${about.stack}, and this is ${lab.plan.stack}`]),
    ...(unknown.length === 0
      ? []
      : [
          `${unknown.join(", ")} may be a member too, and the last update that came to its end knows no such master: finish it, npm run up, or set masters.count to ${masters.length} again where it was never made`,
        ]),
    ...(about.kubernetes === lab.plan.kubernetes.version
      ? []
      : [`it is of Kubernetes ${about.kubernetes}, and the lab's is ${lab.plan.kubernetes.version}`]),
    ...told
      .filter(({ authority }) => authority !== about.authority)
      .map(({ machine }) => `${machine.name} has another authority for etcd: it is a backup of another lab`),
    ...off.map(
      ({ name, hypervisorName }) =>
        `${name} is off and has the data of before, which must not come back beside the restored: npm run start; where it will never start again, VBoxManage unregistervm ${hypervisorName} --delete`,
    ),
    ...unregistered.map(
      (master) =>
        `${master.name} is not registered and has the data of before, which must not come back beside the restored: VBoxManage registervm ${fileOf(master)} and npm run start; where it will never start again, remove that folder`,
    ),
    ...(members.length > 0 ? [] : ["no master runs that was a member of the cluster"]),
  ];
  if (problems.length > 0)
    throw new Error(`this can't be restored, and nothing was touched:\n  ${problems.join("\n  ")}`);
  const ahead = Math.max(...told.map(({ revision }) => revision ?? -1)) - about.snapshot.revision;
  // Another restore lies between, or nobody's etcd has answered.
  const countable = told.some(({ revision }) => revision !== null) && Math.abs(ahead) < revisionBump;
  const waiting = running.filter((machine) => !members.includes(machine));
  const bytes = about.snapshot.totalSize;
  return { members, waiting, lost, bytes, ...(countable ? { writesLost: Math.max(0, ahead) } : {}) };
}

/** For the question before, and for the record: what is not there any more afterwards. */
export function lossOf({ time, snapshot }: About, { writesLost, lost }: RestorePlan): string {
  const since = `Everything that was written since ${time} (etcd's revision ${snapshot.revision}) is lost`;
  const count =
    writesLost === undefined
      ? ", how much can't be told"
      : `: ${writesLost} writes, the cluster's own among them`;
  const away = lost.map(({ name }) => name).join(", ");
  const join = away === "" ? "" : ` Gone, and recreated by the next npm run up: ${away}.`;
  return `${since}${count}. Pods made since are stopped; what volumes of claims made since hold stays, unclaimed.${join}`;
}

/**
 * Puts a backup's data in the place of the lab's. It is prepared on all members before anything stops; all masters stop before the
 * first one takes the data, and all have it before the first one starts, those without a place last: old data, restored data and a
 * cluster started over must never meet. Repeated, it starts over.
 * @returns when the members' API servers answer again
 * @throws RemedyError of all machines on which a step failed, when it is over on every one; those without a place wait on
 */
export async function restore(
  content: Buffer,
  { members, waiting, bytes }: RestorePlan,
  shell: Pick<LabShell, "run">,
): Promise<void> {
  const log = logFor("restore");
  const list = members.map(({ name, address }) => `${name}=${address}`).join(" ");
  const token = randomBytes(8).toString("hex");
  const all = (machines: readonly OutputMachine[], command: string, stdin?: string) =>
    together(machines, ({ name }) =>
      succeed(shell, name, `sudo kube-lab restore ${command}`, stdin === undefined ? {} : { stdin }),
    );
  log("preparing the data; the lab serves on");
  await all(members, `prepare '${list}' ${token} ${bytes}`, content.toString("base64"));
  log("stopping the control plane");
  await all(waiting, "stop false");
  await all(members, "stop true");
  log("putting the data in place");
  await all(members, "swap");
  log("starting the control plane");
  await all(members, "start");
  await together(members, ({ name }, log) => converged(name, log, shell));
  await all(waiting, "start");
}

async function converged(name: string, log: Log, shell: Pick<LabShell, "run">): Promise<void> {
  const remedy = `Look there: npm run ssh -- ${name} journalctl -u kube-lab. ${repeat}`;
  await waitFor({ log, what: "for it to converge", boundSeconds, remedy }, async () => {
    // Who does not answer yet is asked again.
    const answer = await shell
      .run(name, "sudo kube-lab wait 20", { timeoutMs: 40_000 })
      .catch(() => undefined);
    return answer?.status === 0 ? true : undefined;
  });
}

async function succeed(
  shell: Pick<LabShell, "run">,
  machine: string,
  command: string,
  options: { stdin?: string } = {},
) {
  const result = await shell.run(machine, command, { ...options, timeoutMs: stepTimeoutMs });
  if (result.status === 0) return result;
  throw new RemedyError(
    `${command.replace(/^sudo /, "")} failed: ${refusalOf(result.status, result.stderr)}`,
    repeat,
  );
}
