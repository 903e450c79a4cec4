import { setTimeout as sleep } from "node:timers/promises";
import { type LabMachine, startMachines } from "../../hypervisor/machine/lab-power";
import { begunMachines } from "../../lab/begun-machines";
import type { Check } from "../../lab/check";
import { type ApiFigures, apiFigures, missedGoals, type StorageFigures } from "../../lab/drill-figures";
import { type ExistingLab, examineLab } from "../../lab/existing-lab";
import { untilHealthy } from "../../lab/healthy";
import { LabShell } from "../../lab/shell";
import { logFor, waitFor } from "../../lib/progress";
import type { LabPlan } from "../../plan/lab-plan";
import { ApiLoad } from "./api-load";
import { etcdLeader } from "./etcd-leader";
import { StorageLoad } from "./storage-load";
import { chooseVictims, type Victim } from "./victims";

/** What came of the loss of one machine. */
export interface Outcome {
  machine: string;
  role: string;
  because: string;
  goalSeconds?: number;
  api: ApiFigures;
  /** Absent in a lab without Gluster or without two workers to write and read on. */
  storage?: StorageFigures;
  /** From the new start of the machine on. */
  healthyAfterSeconds: number;
  missed: string[];
}

/** How long the load goes on before the machine is lost, and after everything goes well again. */
const STEADY_MS = 3_000;
const QUIET_MS = 5_000;
/** Gluster's clients wait for a server that says nothing, twice at worst; see gluster.sh. */
const OVER_BOUND_SECONDS = 120;

/**
 * Switches off one machine of each role in turn, under load, and starts it again.
 * @param only roles to try; all when empty
 * @throws Error when the lab is not healthy before or does not get healthy afterwards.
 */
export async function drill(
  lab: ExistingLab,
  only: readonly string[] = [],
): Promise<{ outcomes: Outcome[]; skipped: string[] }> {
  const shell = new LabShell(lab.outputs.access);
  const machines = await begunMachines(lab.vbox, lab.outputs.machines);
  const storage = storageLoad(machines, lab.plan, shell);
  try {
    const checks = await examineLab(lab, shell);
    refuseAiling(checks);
    const { victims, skipped } = chooseVictims(machines, {
      virtualIp: checks.find(({ kind }) => kind === "virtual IP")?.name,
      etcdLeader: await etcdLeader(shell, machines),
    });
    await storage?.mount();
    const outcomes: Outcome[] = [];
    for (const victim of victims)
      if (only.length === 0 || only.includes(victim.machine.role))
        outcomes.push(await lose(lab, victim, storage));
    return { outcomes, skipped };
  } finally {
    await storage?.unmount();
    await shell.close();
  }
}

function refuseAiling(checks: readonly Check[]): void {
  const ailing = checks.filter(({ healthy }) => !healthy);
  if (ailing.length === 0) return;
  const lines = ailing.map(({ kind, name, detail }) => `  ${kind} ${name}: ${detail}`);
  throw new Error(`the lab must be healthy before a drill:\n${lines.join("\n")}`);
}

/** The first two workers write and read: the drill switches off the last one. */
function storageLoad(
  machines: readonly LabMachine[],
  plan: LabPlan,
  shell: LabShell,
): StorageLoad | undefined {
  const names = (role: string) => machines.filter((machine) => machine.role === role).map(({ name }) => name);
  const [servers, workers] = [names("gluster"), names("worker")];
  const [writer, second] = workers;
  if (servers.length === 0 || writer === undefined || second === undefined) return undefined;
  // With two of them the second is switched off.
  const reader = workers.length > 2 ? second : writer;
  return new StorageLoad(shell, writer, reader, servers, plan.gluster.volume);
}

async function lose(lab: ExistingLab, victim: Victim, storage: StorageLoad | undefined): Promise<Outcome> {
  const { machine, because, goalSeconds } = victim;
  const log = logFor(machine.name);
  const api = new ApiLoad(lab.outputs.kubeconfig);
  await api.begin();
  await storage?.begin();
  let healthyAfterSeconds = 0;
  let figures: StorageFigures | undefined;
  try {
    await sleep(STEADY_MS);
    log(`switching it off: ${because}`);
    await lab.vbox.call(["controlvm", machine.hypervisorName, "poweroff"]);
    await untilOver(machine.name, api, storage);
  } finally {
    await startMachines(lab.vbox, [machine]);
    healthyAfterSeconds = await untilHealthy(lab);
    await api.end();
    figures = await storage?.end();
  }
  const measured = apiFigures(api.samples);
  return {
    machine: machine.name,
    role: machine.role,
    because,
    ...(goalSeconds === undefined ? {} : { goalSeconds }),
    api: measured,
    ...(figures === undefined ? {} : { storage: figures }),
    healthyAfterSeconds,
    missed: missedGoals(goalSeconds, measured, figures),
  };
}

/** Until the others serve well without the machine. */
async function untilOver(machine: string, api: ApiLoad, storage: StorageLoad | undefined): Promise<void> {
  const cutAt = Date.now();
  const before = (await storage?.progress()) ?? 0;
  const wait = {
    log: logFor(machine),
    what: "for the lab to serve well without it",
    boundSeconds: OVER_BOUND_SECONDS,
    remedy: "It is started again now. Look: npm run status.",
    pause: { first: 500, longest: 1000 },
  };
  await waitFor(wait, async () => {
    if (Date.now() - cutAt < QUIET_MS || !api.isQuiet(QUIET_MS)) return undefined;
    return storage === undefined || (await storage.progress()) > before + 10 ? true : undefined;
  });
}
