import { setCommand } from "../../plan/config/problems";
import type { LabPlan } from "../../plan/lab-plan";
import { type Finding, failure, fine } from "./finding";
import type { Probes } from "./probes";

/** Headlamp is published as an image alone: what is built from Go modules does without. */
export async function checkAddonImages({ addons, kubernetes }: LabPlan, probes: Probes): Promise<Finding[]> {
  const { enabled, version } = addons.headlamp;
  if (!enabled) return [];
  const image = `ghcr.io/headlamp-k8s/headlamp:v${version}`;
  if (await probes.officialImage(image, kubernetes.version)) return [fine("add-ons", image)];
  return [
    failure(
      "add-ons",
      `kube-lab:addons.headlamp.enabled = true: ${image} can't be had, since Kubernetes is built from Go modules here, and Headlamp is none; allowed: false, or true where Kubernetes' download sites answer`,
      `${setCommand("addons.headlamp.enabled", false)}; where the sites do answer by now: KUBE_LAB_SOURCE=official npm run up`,
    ),
  ];
}
