import type { LabPlan } from "../plan/lab-plan";
import type { Finding } from "./finding";
import type { Hypervisor } from "./locate";
import { checkAddonImages } from "./preflight-addons";
import { checkClock } from "./preflight-clock";
import { checkEmbedded } from "./preflight-embedded";
import { checkCapacity, checkIsoTool, checkLayout, checkNames, checkPorts, checkSsh } from "./preflight-lab";
import { checkHostNetworks } from "./preflight-networks";
import { checkVirtualBox } from "./preflight-virtualbox";
import { type Probes, realProbes } from "./probes";

/** Looks at all that `up` needs of this computer, before anything is made. Changes nothing. */
export async function preflight(plan: LabPlan, probes: Probes = realProbes()): Promise<Finding[]> {
  const hypervisor = plan.hypervisor === "embedded" ? checkEmbedded(probes) : checkVirtualBox(probes);
  const findings = await Promise.all([
    hypervisor,
    checkIsoTool(probes),
    checkSsh(probes),
    checkLayout(plan, probes),
    checkCapacity(plan, probes),
    checkPorts(plan, probes),
    checkNames(plan, probes),
    checkHostNetworks(plan, probes),
    checkClock(probes),
    checkAddonImages(plan, probes),
  ]);
  return findings.flat();
}

/** Which hypervisor fits this computer, and why it is not VirtualBox where it is the stand-in. */
export interface Fitting {
  hypervisor: Hypervisor;
  reason?: string;
}

/** VirtualBox where it can run machines; its stand-in only where that could, too. */
export async function fittingHypervisor(probes: Probes = realProbes()): Promise<Fitting> {
  if (probes.host.platform !== "linux") return { hypervisor: "virtualbox" };
  const error = (await checkVirtualBox(probes)).find(({ severity }) => severity === "error");
  return error ? { hypervisor: "embedded", reason: error.found } : { hypervisor: "virtualbox" };
}
