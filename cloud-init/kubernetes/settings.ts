import { sha256Of } from "../../lib/checksum";
import { argumentsOf, kubeletFieldsOf } from "../../plan/kubernetes-settings";
import { controlPlanePrograms, type KubernetesSettings, type LabPlan } from "../../plan/lab-plan";
import type { GuestFile } from "../guest-file";
import { apiServerFlags, apiServerMounts } from "./api-server";

/**
 * A person's settings as kubeadm's patches; a file's name says what it changes, and how. kubeadm reads them whenever it writes a
 * manifest or a kubelet's configuration: at the beginning, when a machine joins, at an upgrade.
 */
export function settingsPatches(plan: LabPlan, folders: readonly string[]): GuestFile[] {
  const patches = [...controlPlanePatches(plan), ...kubeletPatch(plan.kubernetes.settings)];
  return folders.flatMap((folder) => filesOf(patches, folder));
}

/** Of a worker, which has nothing but a kubelet. */
export function kubeletPatches({ kubernetes: { settings } }: LabPlan, folder: string): GuestFile[] {
  return filesOf(kubeletPatch(settings), folder);
}

function filesOf(patches: readonly Patch[], folder: string): GuestFile[] {
  return patches.map(({ name, content }) => ({ path: `${folder}/${name}`, mode: "0644", content }));
}

/** What a worker says of the settings that it has (settings.sh); empty for none. */
export function kubeletSettingsDigest({ kubernetes: { settings } }: LabPlan): string {
  const [patch] = kubeletPatch(settings);
  return patch === undefined ? "" : sha256Of(patch.content).slice(0, 12);
}

interface Patch {
  name: string;
  content: string;
}

/** After kubeadm's own flags: of two equal ones the later counts. */
function controlPlanePatches(plan: LabPlan): Patch[] {
  return controlPlanePrograms.flatMap((program) => {
    const isApiServer = program === "kube-apiserver";
    const own = isApiServer ? apiServerFlags(plan) : [];
    const flags = [...own, ...argumentsOf(plan.kubernetes.settings, program)];
    const operations = flags.map((value) => ({ op: "add", path: "/spec/containers/0/command/-", value }));
    const content = json([...operations, ...(isApiServer ? apiServerMounts(plan) : [])]);
    return flags.length === 0 ? [] : [{ name: `${program}2+json.json`, content }];
  });
}

/** After what the machine's own script writes (node.sh): a person's word is the last. */
function kubeletPatch(settings: KubernetesSettings): Patch[] {
  const fields = kubeletFieldsOf(settings);
  if (Object.keys(fields).length === 0) return [];
  return [{ name: "kubeletconfiguration2+merge.json", content: json(fields) }];
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
