import { mkdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { writeAtomically } from "../../lib/atomic-file";

/** Where set-up writes down which folder has the programs and images of which releases, relative to the project's folder. */
const bundlesFile = ".kube-lab/bundles.json";

/**
 * Folder with the programs and container images of these releases (plan/releases.ts), as set-up has made it.
 * @returns undefined when set-up was not run for them
 */
export function bundleOf(project: string, releases: string): string | undefined {
  return read(project)[releases];
}

/** Writes down where the programs and images of some releases are; those of other labs in the same checkout stay. */
export function rememberBundle(project: string, releases: string, folder: string): void {
  const file = path.join(project, bundlesFile);
  mkdirSync(path.dirname(file), { recursive: true });
  writeAtomically(file, `${JSON.stringify({ ...read(project), [releases]: folder }, null, 2)}\n`);
}

function read(project: string): Record<string, string> {
  try {
    return JSON.parse(readFileSync(path.join(project, bundlesFile), "utf8")) as Record<string, string>;
  } catch {
    // Missing or cut short: as if set-up had never run.
    return {};
  }
}
