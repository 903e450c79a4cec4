import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import type { MachineSpecification } from "../../../hypervisor/specification/machine";
import type { Host } from "../../../lib/host";
import { parseConfiguration } from "../../../plan/config/configuration";
import type { LabPlan } from "../../../plan/lab-plan";
import { planLab } from "../../../plan/plan";

/** A folder for one test file, removed by the function that comes with it. */
export function scratch(): { folder: string; remove: () => void } {
  const folder = mkdtempSync(path.join(os.tmpdir(), "kube-lab test "));
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** The reference lab. */
export function referencePlan(raw: object = {}): LabPlan {
  return planLab(parseConfiguration(raw as Parameters<typeof parseConfiguration>[0]), "dev");
}

/** Another computer: system, environment and the files it has. */
export function hostLike(
  platform: NodeJS.Platform,
  environment: NodeJS.ProcessEnv,
  files: readonly string[],
  project = platform === "win32" ? "C:\\my labs\\kube-lab" : "/home/me/my labs/kube-lab",
): Host {
  return { platform, architecture: "x64", environment, exists: (file) => files.includes(file), project };
}

export const IMAGE = "kube-lab-image-0a1b2c3d4e5f";

export const GATEWAY: MachineSpecification = {
  hypervisor: "virtualbox",
  group: "/kube-lab/dev",
  machine: "kube-lab-dev-gate-node01",
  image: IMAGE,
  cpus: 1,
  memoryMiB: 512,
  adapters: [
    { kind: "nat", network: "", mac: "08:00:27:00:00:01" },
    { kind: "internal", network: "kube-lab-dev-mast", mac: "08:00:27:00:00:02" },
  ],
  forwards: [
    { name: "ssh", hostAddress: "127.0.0.1", hostPort: 2222, guestAddress: "10.0.2.15", guestPort: 22 },
  ],
  incarnation: "2026-11-21T04:33:10Z missing",
  hostKey: "SHA256:gate",
};
