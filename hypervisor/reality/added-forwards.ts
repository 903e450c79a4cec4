import { mkdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import { removeAtomically, writeAtomically } from "../../lib/atomic-file";
import { type Host, thisHost } from "../../lib/host";
import { localFolder } from "../../lib/local-folder";
import type { AddedForward } from "../../plan/forwards";

/** What `npm run forward` has added to a lab, and the plan of it takes up: it is remembered in the project, and goes with the lab. */

const shape = z.array(z.object({ hostPort: z.int(), target: z.string(), port: z.int(), about: z.string() }));

/** None where there are none; a file that cannot be read is as good as none. */
export function readAddedForwards(
  stack: string,
  { project }: Pick<Host, "project"> = thisHost(),
): AddedForward[] {
  try {
    return shape.parse(JSON.parse(readFileSync(fileOf(project, stack), "utf8")));
  } catch {
    return [];
  }
}

export function writeAddedForwards(stack: string, project: string, forwards: readonly AddedForward[]): void {
  const file = fileOf(project, stack);
  mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  writeAtomically(file, `${JSON.stringify(forwards, null, 2)}\n`);
}

export function forgetAddedForwards(stack: string, project: string): void {
  removeAtomically(fileOf(project, stack));
}

function fileOf(project: string, stack: string): string {
  return path.join(project, localFolder, "forwards", `${stack}.json`);
}
