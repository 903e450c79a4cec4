import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { GuestFile } from "../../cloud-init/guest-file";
import { guestFiles } from "../../cloud-init/guest-files";
import type { LabPlan, MachinePlan } from "../../plan/lab-plan";
import type { Outside } from "../../plan/outside";
import { exampleCredentials } from "./example-credentials";
import { expectAccepted, toolEnvironment } from "./tool";

/** A machine's files below a folder instead of below /. */
export interface WrittenMachine {
  root: string;
  files: GuestFile[];
  /** Path on this computer of a file of the machine. */
  at(path: string): string;
  read(path: string): string;
  /** Calls a function of the machine's scripts that renders configuration. */
  render(call: string, environment?: NodeJS.ProcessEnv): void;
  /**
   * Runs commands with the functions of the machine's role at hand; `before` replaces some of them, or variables of theirs.
   * @returns its status, and both its outputs as one
   */
  run(commands: string, before?: string): { status: number | null; words: string };
  remove(): void;
}

export function writeMachine(plan: LabPlan, machine: MachinePlan, outside?: Outside): WrittenMachine {
  const root = mkdtempSync(join(tmpdir(), `kube-lab-${machine.name}-`));
  const files = guestFiles(plan, machine, exampleCredentials(plan, machine), undefined, outside);
  const at = (path: string) => join(root, path);
  for (const file of files) {
    mkdirSync(dirname(at(file.path)), { recursive: true });
    writeFileSync(at(file.path), file.content);
    chmodSync(at(file.path), Number.parseInt(file.mode, 8));
  }
  const library = at("/usr/local/lib/kube-lab");
  return {
    root,
    files,
    at,
    read: (path) => readFileSync(at(path), "utf8"),
    render: (call, environment = {}) => {
      const script = `set -euo pipefail; . "$LIBRARY/lib.sh"; load_role; ${call}`;
      expectAccepted("bash", ["-c", script], { ...environment, KUBE_LAB_ROOT: root, LIBRARY: library });
    },
    run: (commands, before = "") => {
      const script = `set -euo pipefail; . "$LIBRARY/lib.sh"; load_role; ${before}\n${commands}`;
      const environment = { ...toolEnvironment(), KUBE_LAB_ROOT: root, LIBRARY: library };
      const result = spawnSync("bash", ["-c", script], { encoding: "utf8", env: environment });
      return { status: result.status, words: `${result.stdout}${result.stderr}` };
    },
    remove: () => rmSync(root, { recursive: true }),
  };
}
