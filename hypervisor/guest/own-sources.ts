import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { RemedyError } from "../../lib/remedy-error";
import type { LabPlan } from "../../plan/lab-plan";

/** Of one file; a machine's files come by its seed and are in the state. */
const mostBytes = 256 * 1024;

/**
 * The files of this computer that machines get, by their names in the configuration.
 * @param project folder that relative paths begin at
 * @throws RemedyError once with every file that cannot be read or is too large
 */
export function readOwnSources(project: string, sources: LabPlan["ownSources"]): ReadonlyMap<string, Buffer> {
  const contents = new Map<string, Buffer>();
  const problems = sources.flatMap(({ key, source }) => {
    const problem = readInto(contents, source, resolve(project, source));
    return problem === undefined ? [] : [`kube-lab:${key}.source = ${source}: ${problem}`];
  });
  if (problems.length === 0) return contents;
  throw new RemedyError(problems.join("\n"), "Put each file there, or leave it out of kube-lab:cloudInit.");
}

function readInto(contents: Map<string, Buffer>, source: string, path: string): string | undefined {
  try {
    const bytes = readFileSync(path);
    if (bytes.length > mostBytes) {
      return `it has ${Math.ceil(bytes.length / 1024)} KiB, and ${mostBytes / 1024} KiB are the most`;
    }
    contents.set(source, bytes);
    return undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ENOENT"
      ? `${path} is not there`
      : (error as Error).message;
  }
}
