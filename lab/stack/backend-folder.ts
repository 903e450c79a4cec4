import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { load } from "js-yaml";

/** One stack in a backend that is a folder of this computer. Source: pulumi 3.250, pkg/backend/diy. */
export interface StackFiles {
  /** Its state; there once an update has begun. */
  state: string;
  /** One file for each update that is under way, or was cut off. */
  locks: string;
  /** The state at the end of each update, in `<stack>-<nanoseconds>.checkpoint.json`. */
  history: string;
}

/**
 * Where a stack of a project is in a backend; undefined where that is no folder here.
 * @param backendUrl Pulumi's PULUMI_BACKEND_URL
 */
export function stackFiles(
  backendUrl: string | undefined,
  project: string,
  stack: string,
): StackFiles | undefined {
  if (!backendUrl?.startsWith("file:///")) return undefined;
  const folder = join(fileURLToPath(backendUrl.replace(/\?.*$/, "")), ".pulumi");
  return {
    state: join(folder, "stacks", project, `${stack}.json`),
    locks: join(folder, "locks", "organization", project, stack),
    history: join(folder, "history", project, stack),
  };
}

/** A project's name, as its Pulumi.yaml says it. */
export function projectName(folder: string): string {
  const { name } = load(readFileSync(join(folder, "Pulumi.yaml"), "utf8")) as { name: string };
  return name;
}
