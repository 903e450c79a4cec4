import { readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * The script that an installed npm package gives as a program, for Node.js to run.
 * @throws Error when the package has no such program.
 */
export function packageProgram(name: string, program: string, project = process.cwd()): string {
  const folder = join(project, "node_modules", ...name.split("/"));
  const { bin } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as {
    bin?: string | Record<string, string>;
  };
  // One text alone is a program of the package's own name.
  const programs = typeof bin === "string" ? { [name.replace(/^@.*\//, "")]: bin } : bin;
  const script = programs?.[program];
  if (script === undefined) throw new Error(`npm's package ${name} has no program ${program}`);
  return join(folder, script);
}
