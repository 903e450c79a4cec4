import { setMaxListeners } from "node:events";
import type { ObservedState } from "../hypervisor/reality/observation";
import type { OutputMachine } from "./outputs";
import { type LabShell, NoAnswer } from "./shell";

/** What a machine says of itself: `kube-lab status --json`, see cloud-init/common/status.sh. */
export interface MachineReport {
  converged: boolean;
  doing: string;
  reason: string;
  facts: Facts;
  /** What is not as the last pass has left it: `dnsmasq.service is stopped`. Absent from machines of an earlier release. */
  faults?: string[];
  probes?: Probe[];
  /** Its clock, epoch. */
  time?: number;
  /** How far its clock is from this computer's, seconds; 0 when it is within what the question itself took. */
  clockOffset: number;
}

/** Something of the lab's service, as a machine has just tried it. */
export interface Probe {
  kind: string;
  well: boolean;
  /** What is wrong. */
  detail: string;
}

/** What its role says; empty where the machine could find out nothing. */
export type Facts = Record<string, unknown>;

/** How long machines may take for their reports, ms. */
export interface ReportPatience {
  /** All of them, whatever happens. */
  leastMs: number;
  /** So many times as long as the slowest that has answered: machines of one computer are slow together. */
  factor: number;
  /** While nobody has answered, and at most. */
  mostMs: number;
}

/** Emulated machines take a quarter of a minute each. */
const usualPatience: ReportPatience = { leastMs: 15_000, factor: 4, mostMs: 120_000 };

/** What each machine of a lab said, or why it did not. */
export class Reports {
  constructor(
    private readonly machines: readonly OutputMachine[],
    private readonly reports: ReadonlyMap<string, MachineReport | Error>,
  ) {}

  of(machine: string): MachineReport | Error {
    return this.reports.get(machine) ?? new NoAnswer(`${machine} was not asked`);
  }

  facts(machine: string): Facts | undefined {
    const report = this.of(machine);
    return report instanceof Error ? undefined : report.facts;
  }

  /** The first one of a role that knows something, and what it knows. */
  known<T>(
    role: OutputMachine["role"],
    read: (facts: Facts) => T | undefined,
  ): { by: string; value: T } | undefined {
    for (const by of this.namesOf(role)) {
      const value = read(this.facts(by) ?? {});
      if (value !== undefined) return { by, value };
    }
    return undefined;
  }

  /** Everything that machines have tried, by kind, with who did. */
  probes(): Map<string, (Probe & { by: string })[]> {
    const all = new Map<string, (Probe & { by: string })[]>();
    for (const [by, report] of this.reports) {
      for (const probe of report instanceof Error ? [] : (report.probes ?? []))
        all.set(probe.kind, [...(all.get(probe.kind) ?? []), { ...probe, by }]);
    }
    return all;
  }

  /** Machines of a role that run and may know what the others do not: they gave no answer in time. */
  silent(role: OutputMachine["role"]): string[] {
    return this.namesOf(role).filter((name) => this.of(name) instanceof NoAnswer);
  }

  namesOf(role: OutputMachine["role"]): string[] {
    return this.machines.filter((machine) => machine.role === role).map(({ name }) => name);
  }
}

/** `kube-mast01 and kube-mast02 did not answer` */
export function didNotAnswer(silent: readonly string[]): string {
  return `${silent.join(" and ")} did not answer`;
}

/** Asks all machines at once; those that do not run, nobody needs to wait for. Never throws. */
export async function askMachines(
  machines: readonly OutputMachine[],
  states: ReadonlyMap<string, ObservedState>,
  shell: Pick<LabShell, "run">,
  patience: ReportPatience = usualPatience,
): Promise<Reports> {
  const { answered, signal, over } = deadline(patience);
  const reports = await Promise.all(
    machines.map(async ({ name }): Promise<[string, MachineReport | Error]> => {
      const state = states.get(name);
      if (state === "missing" || state === "stopped" || state === "made")
        return [name, new Error("it does not run")];
      const report = await ask(shell, name, signal).catch((error: Error) => error);
      if (!(report instanceof NoAnswer)) answered();
      return [name, report];
    }),
  );
  over();
  return new Reports(machines, new Map(reports));
}

async function ask(
  shell: Pick<LabShell, "run">,
  machine: string,
  signal: AbortSignal,
): Promise<MachineReport> {
  const asked = Date.now() / 1000;
  const { status, stdout, stderr } = await shell.run(machine, "sudo kube-lab status --json", { signal });
  if (status !== 0) throw new Error(`kube-lab status ended with ${status}: ${stderr.trim()}`);
  const report = JSON.parse(stdout) as Omit<MachineReport, "clockOffset">;
  const time = report.time ?? asked;
  const clockOffset = Math.min(time - asked, 0) || Math.max(time - Date.now() / 1000, 0);
  return { ...report, clockOffset };
}

/** A signal that comes when those that have not answered have had their time; each answer may move it. */
function deadline({ leastMs, factor, mostMs }: ReportPatience) {
  const controller = new AbortController();
  // Every machine waits for it: more than Node.js takes for a leak.
  setMaxListeners(0, controller.signal);
  const started = Date.now();
  const endAt = (limitMs: number) =>
    setTimeout(
      () => controller.abort(new NoAnswer(`no answer within ${Math.round(limitMs / 1000)} s`)),
      limitMs - (Date.now() - started),
    );
  let timer = endAt(mostMs);
  return {
    signal: controller.signal,
    answered: () => {
      clearTimeout(timer);
      timer = endAt(Math.min(Math.max(leastMs, factor * (Date.now() - started)), mostMs));
    },
    over: () => clearTimeout(timer),
  };
}
