import { RemedyError } from "../../lib/remedy-error";
import { together } from "../../lib/together";
import type { Role } from "../../plan/lab-plan";
import { stopStages } from "../../plan/stop-order";
import type { VBoxManage } from "../driver/vboxmanage";
import { ensureRunning, ensureStopped, isStopped, powerOff, stateOf } from "./power";

/** A machine of a lab that is up, or was. */
export interface LabMachine {
  name: string;
  role: Role;
  hypervisorName: string;
}

/** Writing some GiB of memory to disk. */
const SAVE_TIMEOUT_SECONDS = 600;

/** Shuts every machine down cleanly, role after role; one that does not answer is switched off. */
export async function stopMachines(vbox: VBoxManage, machines: readonly LabMachine[]): Promise<void> {
  for (const stage of stopStages(machines))
    await together(stage, async ({ hypervisorName }, log) => {
      const started = Date.now();
      const state = await stateOf(vbox, hypervisorName);
      if (state === undefined || isStopped(state)) return;
      // Nobody hears a power button while the machine is paused.
      if (state === "paused") await vbox.call(["controlvm", hypervisorName, "resume"]);
      await ensureStopped(vbox, hypervisorName, state === "paused" ? "running" : state, log);
      log(`off after ${seconds(started)} s`);
    });
}

/** Cuts the power of every machine at once. */
export async function cutPower(vbox: VBoxManage, machines: readonly LabMachine[]): Promise<void> {
  await together(machines, async ({ hypervisorName }, log) => {
    const state = await stateOf(vbox, hypervisorName);
    if (state !== undefined) await powerOff(vbox, hypervisorName, state, log);
  });
}

/**
 * Starts every machine that does not run, all at once.
 * @returns those that go on from a saved state or a pause: their clocks stood still
 */
export async function startMachines(
  vbox: VBoxManage,
  machines: readonly LabMachine[],
): Promise<LabMachine[]> {
  const slept = await together(machines, async (machine, log) => {
    const state = await stateOf(vbox, machine.hypervisorName);
    if (state === undefined)
      throw new RemedyError("the machine is not there any more.", "Recreate it: npm run up.");
    await ensureRunning(vbox, machine.hypervisorName, state, log);
    return state === "saved" || state === "paused" ? [machine] : [];
  });
  return slept.flat();
}

/**
 * Saves every running machine's memory to disk and switches it off.
 * @throws RemedyError where the hypervisor cannot.
 */
export async function saveMachines(vbox: VBoxManage, machines: readonly LabMachine[]): Promise<void> {
  if (vbox.hypervisor === "embedded")
    throw new RemedyError(
      "The stand-in cannot suspend: the memory of its machines, which are containers, cannot be saved.",
      "Shut the lab down instead: npm run stop.",
    );
  await together(machines, async ({ hypervisorName }, log) => {
    const started = Date.now();
    const state = await stateOf(vbox, hypervisorName);
    if (state === undefined || isStopped(state)) return;
    log("saving its state");
    await vbox.call(["controlvm", hypervisorName, "savestate"], SAVE_TIMEOUT_SECONDS);
    log(`saved after ${seconds(started)} s`);
  });
}

function seconds(since: number): number {
  return Math.round((Date.now() - since) / 1000);
}
