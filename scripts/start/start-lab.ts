import { startMachines } from "../../hypervisor/machine/lab-power";
import { requireFreePorts } from "../../hypervisor/network/host-ports";
import { certificateEnds } from "../../lab/certificate-ends";
import { type ExistingLab, existingLab } from "../../lab/existing-lab";
import { untilHealthy } from "../../lab/healthy";
import { LabShell } from "../../lab/shell";
import { setClocks } from "./clocks";

/**
 * Starts all machines of a lab at once, and waits until the lab is healthy: what they need of each other they wait for
 * themselves.
 */
export async function startLab(lab: ExistingLab): Promise<void> {
  await requireFreePorts(lab.vbox, lab.outputs.machines);
  const slept = await startMachines(lab.vbox, lab.outputs.machines);
  // The stand-in's machines have the host's clock, which nobody there may set.
  if (slept.length > 0 && lab.vbox.hypervisor !== "embedded") {
    const shell = new LabShell(lab.outputs.access);
    await setClocks(shell, slept).finally(() => shell.close());
  }
  const renewed = await renewExpired(lab, new Date());
  console.log(`The lab is healthy after ${await untilHealthy(renewed)} s.`);
}

/**
 * Certificates that have run out while the lab was off, and nothing else of the configuration: machines take each other up again by
 * new ones only.
 */
async function renewExpired(lab: ExistingLab, now: Date): Promise<ExistingLab> {
  const expired = certificateEnds(lab.outputs.certificates).filter(({ end }) => end <= now);
  if (expired.length === 0) return lab;
  console.log(`${expired.length} certificates have run out while the lab was off: renewing them.`);
  const targets = ["**$tls:index/locallySignedCert:LocallySignedCert::**", "**-node-apply"];
  const only = targets.flatMap((target) => ["--target", target]);
  const status = await lab.stack.run(["up", "--yes", "--skip-preview", ...only]);
  if (status !== 0) throw new Error("certificates could not be renewed; npm run up tries again");
  return existingLab(lab.stack, lab.plan);
}
