import type { Hypervisor, LabPlan } from "../../plan/lab-plan";
import { checkAddonImages } from "./addons";
import { checkAuthorityFiles } from "./authority-files";
import { checkClock } from "./clock";
import { checkEmbedded } from "./embedded";
import type { Finding } from "./finding";
import {
  checkCapacity,
  checkIsoTool,
  checkLayout,
  checkNamesAreFree,
  checkPortsAreFree,
  checkSsh,
} from "./lab";
import { checkLans } from "./lans";
import { checkHostNetworks } from "./networks";
import { checkOwnImages } from "./own-images";
import { checkOwnSources } from "./own-sources";
import { type Probes, realProbes } from "./probes";
import { checkProxy } from "./proxy";
import { checkSettings } from "./settings";
import { checkVirtualBox } from "./virtualbox";

/** Looks at all that `up` needs of this computer, before anything is made. Changes nothing. */
export async function preflight(plan: LabPlan, probes: Probes = realProbes()): Promise<Finding[]> {
  const hypervisor = plan.hypervisor === "embedded" ? checkEmbedded(probes) : checkVirtualBox(probes);
  const findings = await Promise.all([
    hypervisor,
    checkIsoTool(probes),
    checkSsh(probes),
    checkLayout(plan, probes),
    checkCapacity(plan, probes),
    checkPortsAreFree(plan, probes),
    checkNamesAreFree(plan, probes),
    checkHostNetworks(plan, probes),
    checkLans(plan, probes),
    checkClock(probes),
    checkProxy(probes),
    checkAddonImages(plan, probes),
    checkOwnImages(plan, probes),
    checkOwnSources(plan, probes),
    checkAuthorityFiles(plan, probes),
    checkSettings(plan),
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
