import { startMachines } from "../hypervisor/lab-power";
import { setClocks } from "./clocks";
import type { ExistingLab } from "./existing-lab";
import { untilHealthy } from "./healthy";
import { LabShell } from "./lab-shell";

/**
 * Starts all machines of a lab at once, and waits until the lab is healthy: what they need of each other they wait for
 * themselves.
 */
export async function startLab(lab: ExistingLab): Promise<void> {
  const slept = await startMachines(lab.vbox, lab.outputs.machines);
  // The stand-in's machines have the host's clock, which nobody there may set.
  if (slept.length > 0 && lab.vbox.hypervisor !== "embedded") {
    const shell = new LabShell(lab.outputs.access);
    await setClocks(shell, slept).finally(() => shell.close());
  }
  console.log(`The lab is healthy after ${await untilHealthy(lab)} s.`);
}
