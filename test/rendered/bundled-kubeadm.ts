import { readdirSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder } from "../../lib/cache";
import type { LabPlan } from "../../plan/lab-plan";

/** kubeadm of the Kubernetes bundle in the cache, or of the PATH. */
export function kubeadmOf(plan: LabPlan): string {
  return bundled(plan) ?? "kubeadm";
}

function bundled({ kubernetes }: LabPlan): string | undefined {
  const folder = join(cacheFolder(), "kubernetes");
  const architecture = process.arch === "arm64" ? "arm64" : "amd64";
  try {
    return readdirSync(folder, { recursive: true, encoding: "utf8" })
      .filter((path) => path.includes(`${kubernetes.version}-${architecture}`) && /(^|\/)kubeadm$/.test(path))
      .map((path) => join(folder, path))[0];
  } catch {
    return undefined;
  }
}
