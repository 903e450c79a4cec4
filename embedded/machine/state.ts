import { mkdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { writeAtomically } from "../../lib/atomic-file";
import { type Place, runFolder } from "../place";
import type { StoredMachine } from "./record";

/** VirtualBox's machine states that the stand-in knows, as `VMState` prints them. */
export type MachineState = "poweroff" | "starting" | "running" | "paused" | "stopping" | "aborted";

/** What a supervisor keeps on disk; it outlives the supervisor. */
export interface RunState {
  state: MachineState;
  /** ISO 8601, time of the last change. */
  since: string;
  supervisor: ProcessIdentity;
  /** The container's init while it runs. */
  leader?: number;
  /** Control groups that exist while it runs. */
  cgroups: string[];
  /** How often it has been booted since its start. */
  boots: number;
}

/** A process number is used again; with its start time (clock ticks since boot) and the boot it is unique. */
export interface ProcessIdentity {
  pid: number;
  startTime: string;
  boot: string;
}

export function identify(pid: number): ProcessIdentity | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The second field, the name, is in brackets and may hold blanks; the start time is the 22nd.
    const [state, ...fields] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    // A dead process that its parent has not asked after yet.
    if (state === "Z" || state === "X") return undefined;
    const startTime = fields[18] ?? "";
    return { pid, startTime, boot: bootId() };
  } catch {
    return undefined;
  }
}

function bootId(): string {
  return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
}

/** Whether a process of this number runs now. */
export function isProcess(pid: number): boolean {
  return identify(pid) !== undefined;
}

/** Whether it is the very process that runs under this number now. */
export function isAlive(identity: ProcessIdentity): boolean {
  const now = identify(identity.pid);
  return now !== undefined && now.startTime === identity.startTime && now.boot === identity.boot;
}

export function readRunState(place: Place, uuid: string): RunState | undefined {
  try {
    return JSON.parse(readFileSync(stateFile(place, uuid), "utf8")) as RunState;
  } catch {
    return undefined;
  }
}

export function writeRunState(place: Place, uuid: string, state: RunState): void {
  mkdirSync(runFolder(place, uuid), { recursive: true, mode: 0o700 });
  writeAtomically(stateFile(place, uuid), JSON.stringify(state), { isLasting: false });
}

/** The machine's state now: a running one whose supervisor is gone has been aborted. */
export function machineState(place: Place, machine: StoredMachine): { state: MachineState; since: string } {
  const run = readRunState(place, machine.uuid);
  if (!run) return { state: "poweroff", since: machine.changedAt };
  if (run.state === "poweroff" || run.state === "aborted" || isAlive(run.supervisor)) return run;
  return { state: "aborted", since: statSync(stateFile(place, machine.uuid)).mtime.toISOString() };
}

/** Whether the machine has power or is about to get it. */
export function isOn(state: MachineState): boolean {
  return state !== "poweroff" && state !== "aborted";
}

export function controlSocket(place: Place, uuid: string): string {
  return join(runFolder(place, uuid), "control");
}

function stateFile(place: Place, uuid: string): string {
  return join(runFolder(place, uuid), "state.json");
}

/** Whether any other machine of this place has power. */
export function othersOn(place: Place, machines: readonly StoredMachine[], uuid: string): boolean {
  return machines.some((other) => other.uuid !== uuid && isOn(machineState(place, other).state));
}
