import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { localFolder } from "../lib/local-folder";
import type { LabOutputs } from "./outputs";

/** Where `npm run up` leaves what its owner needs to get into a lab, relative to the project's folder. */
export function accessFiles(stack: string): { kubeconfig: string; sshConfig: string } {
  return { kubeconfig: `.kube-lab/${stack}.kubeconfig`, sshConfig: join(sshFolder(stack), "config") };
}

/** For `kubectl` and `ssh -F`; the output sshConfig names the key and the known hosts below this folder. */
export function writeAccessFiles(stack: string, outputs: LabOutputs): void {
  const folder = sshFolder(stack);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const files = {
    [accessFiles(stack).kubeconfig]: outputs.kubeconfig,
    [accessFiles(stack).sshConfig]: outputs.sshConfig,
    [join(folder, "id_ed25519")]: outputs.sshPrivateKey,
    [join(folder, "known_hosts")]: outputs.knownHosts,
  };
  for (const [file, content] of Object.entries(files)) {
    rmSync(file, { force: true });
    writeFileSync(file, content.endsWith("\n") ? content : `${content}\n`, { mode: 0o600 });
  }
}

export function removeAccessFiles(stack: string): void {
  rmSync(accessFiles(stack).kubeconfig, { force: true });
  rmSync(sshFolder(stack), { recursive: true, force: true });
}

function sshFolder(stack: string): string {
  return join(localFolder, "ssh", stack);
}
