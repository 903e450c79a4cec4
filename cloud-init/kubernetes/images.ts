import type { AddonName, LabPlan } from "../../plan/lab-plan";
import { type ImageFile, imageNames, provisionalVersions } from "../../plan/versions";

const ofAddons: Record<AddonName, ImageFile[]> = {
  storage: ["local-path-provisioner"],
  networkPolicy: ["kube-network-policies"],
  metricsServer: ["metrics-server"],
  metalLb: ["metallb-controller", "metallb-speaker"],
  headlamp: ["headlamp"],
  traefik: ["traefik"],
};

/**
 * Images by which a master or worker knows whether it has all of its releases (plan/releases.ts): a bundle comes as a whole, so one
 * of Kubernetes' own tells of the others.
 */
export function nodeImages({ kubernetes, addons }: LabPlan): string[] {
  const names = imageNames({
    ...provisionalVersions(kubernetes.version),
    localPathProvisioner: addons.storage.version,
    networkPolicy: addons.networkPolicy.version,
    metricsServer: addons.metricsServer.version,
    metalLb: addons.metalLb.version,
    headlamp: addons.headlamp.version,
    traefik: addons.traefik.version,
  });
  const on = (Object.keys(ofAddons) as AddonName[]).filter((name) => addons[name].enabled);
  return ["kube-proxy" as const, "flannel" as const, ...on.flatMap((name) => ofAddons[name])].map(
    (file) => names[file],
  );
}
