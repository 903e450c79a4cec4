import { kubeletSettingsDigest } from "../cloud-init/kubernetes/settings";
import { machineEnvironment } from "../hypervisor/environment";
import { differences, type Hardware, wantedHardware } from "../hypervisor/machine/hardware";
import type { Observation } from "../hypervisor/reality/observation";
import { readMachineSpecification } from "../hypervisor/specification/machine";
import type { LabPlan, MachinePlan } from "../plan/lab-plan";
import { parseReleases, releasesOf, releasesText } from "../plan/releases";
import { nodesOf, releasesOn } from "./living-releases";

/**
 * Whether a machine that runs is to be stopped or recreated, or its programs changed: by what is wished, or by what was done
 * behind Pulumi's back. One that only gets other files is not.
 */
export function isDue(plan: LabPlan, machine: MachinePlan, observation: Observation): boolean {
  const { state, changed, hardware, releases, volume } = observation;
  if (state !== "running") return false;
  if (changed.length > 0 || volume === true) return true;
  if (releases !== undefined && releases !== releasesText(releasesOf(plan))) return true;
  if (isOfAnotherKubernetes(plan, machine, observation)) return true;
  return hardware !== undefined && differences(named(hardware), named(wanted(plan, machine))).length > 0;
}

/**
 * Whether a machine that runs has other settings of its kubelet than are wished, by its own word. One that has not said so, while
 * something is set, may.
 */
export function hasOtherSettings(plan: LabPlan, { state, inside }: Observation): boolean {
  if (state !== "running") return false;
  const wished = kubeletSettingsDigest(plan);
  return typeof inside === "object" ? (inside.settings ?? "") !== wished : wished !== "";
}

/** Whether a machine has another release of Kubernetes, by its record, else by what it was born with. */
export function isOfAnotherKubernetes(
  plan: LabPlan,
  machine: MachinePlan,
  observation: Observation,
): boolean {
  const { Kubernetes } = parseReleases(releasesOn(observation));
  return (
    nodesOf(plan).includes(machine) && Kubernetes !== undefined && Kubernetes !== plan.kubernetes.version
  );
}

function wanted(plan: LabPlan, machine: MachinePlan): Hardware {
  const environment = machineEnvironment(plan, machine, "unknown", "unknown");
  return wantedHardware(readMachineSpecification({ ...environment, HOST_KEY: "SHA256:unknown" }));
}

/** A bridged adapter may be given by a part of its name: the hypervisor alone knows the whole. */
function named(hardware: Hardware): Hardware {
  return Object.fromEntries(
    Object.entries(hardware).map(([key, value]) => [key, value.replace(/^bridged .* (\S+)$/, "bridged $1")]),
  );
}
