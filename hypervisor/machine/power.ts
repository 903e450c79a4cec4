import { type Log, waitFor } from "../../lib/progress";
import { VBoxManageError } from "../driver/errors";
import { inspect } from "../driver/inspect";
import type { VBoxManage } from "../driver/vboxmanage";

/**
 * A clean stop of a Kubernetes node drains nothing: it takes seconds, and with a pod that does not want to end the 30 s after which
 * it is killed (cloud-init/kubernetes/stop-pods.sh). One that is stuck is switched off after so long.
 */
const CLEAN_STOP_SECONDS = 120;
const OFF_SECONDS = 60;
const START_TIMEOUT_SECONDS = 300;

const OFF_STATES = ["poweroff", "aborted", "saved", "aborted-saved"];

/** Whether a machine in this state (`VMState` of showvminfo) does not run. */
export function isStopped(state: string): boolean {
  return OFF_STATES.includes(state);
}

/** The machine's state; undefined when the machine is gone. */
export async function stateOf(vbox: VBoxManage, machine: string): Promise<string | undefined> {
  const info = await inspect(vbox, machine);
  return info && (info.get("VMState") ?? "unknown");
}

/** Stops a machine by its power button, and hard when it does not answer. @returns its state then. */
export async function ensureStopped(
  vbox: VBoxManage,
  machine: string,
  state: string,
  log: Log,
): Promise<string> {
  if (state === "saved" || state === "aborted-saved") {
    // Hardware cannot change under a saved state; what was in memory goes, as in a power cut.
    await vbox.call(["discardstate", machine]);
    return "poweroff";
  }
  if (isStopped(state)) return state;
  if (state === "running") {
    log("stopping it cleanly");
    try {
      await vbox.call(["controlvm", machine, "acpipowerbutton"]);
      return await awaitOff(vbox, machine, "for its clean stop", CLEAN_STOP_SECONDS, log);
    } catch (error) {
      if (error instanceof VBoxManageError && (await stateOf(vbox, machine)) !== "running") return "poweroff";
      log(`no clean stop within ${CLEAN_STOP_SECONDS} s: switching it off`);
    }
  }
  return powerOff(vbox, machine, "running", log);
}

/**
 * Cuts the power. VBoxManage comes back when it is off; what is done next repeats by itself while the lock lasts.
 * @returns the state then
 */
export async function powerOff(vbox: VBoxManage, machine: string, state: string, log: Log): Promise<string> {
  if (isStopped(state)) return state;
  try {
    await vbox.call(["controlvm", machine, "poweroff"]);
    return "poweroff";
  } catch (error) {
    // It may have ended by itself in between, or be about to.
    const now = await stateOf(vbox, machine);
    if (now !== undefined && !isStopped(now) && now !== "stopping") throw error;
    return awaitOff(vbox, machine, "for it to be off", OFF_SECONDS, log);
  }
}

async function awaitOff(
  vbox: VBoxManage,
  machine: string,
  what: string,
  boundSeconds: number,
  log: Log,
): Promise<string> {
  const remedy = `Look at its window or log: VBoxManage showvminfo ${machine} --log 0.`;
  return waitFor({ log, what, boundSeconds, remedy, pause: { first: 200, longest: 1000 } }, async () => {
    const state = await stateOf(vbox, machine);
    return state === undefined || isStopped(state) ? (state ?? "poweroff") : undefined;
  });
}

/**
 * Starts a machine that is off or saved, resumes a paused one, restarts one that has crashed.
 * @returns whether it had to be started
 */
export async function ensureRunning(
  vbox: VBoxManage,
  machine: string,
  state: string,
  log: Log,
): Promise<boolean> {
  if (state === "running" || state === "starting") return false;
  if (state === "paused") {
    log("resuming");
    await vbox.call(["controlvm", machine, "resume"]);
    return false;
  }
  await powerOff(vbox, machine, state, log);
  log("starting");
  try {
    await vbox.call(["startvm", machine, "--type", "headless"], START_TIMEOUT_SECONDS);
  } catch (error) {
    // Someone else may have started it at the same moment.
    if ((await stateOf(vbox, machine)) !== "running") throw error;
  }
  return true;
}
