import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { localFolder } from "../../lib/local-folder";
import type { Hypervisor } from "../../plan/lab-plan";

/** What set-up found fit for this computer; the stack's own `kube-lab:hypervisor` goes before it. */
const file = (project: string) => join(project, localFolder, "hypervisor");

export function readChoice(project: string): Hypervisor | undefined {
  if (!existsSync(file(project))) return undefined;
  return readFileSync(file(project), "utf8").trim() === "embedded" ? "embedded" : "virtualbox";
}

export function writeChoice(project: string, hypervisor: Hypervisor): void {
  writeFileSync(file(project), `${hypervisor}\n`);
}
