import { type Host, pathsOf } from "../../lib/host";
import { localFolder } from "../../lib/local-folder";
import type { RunProcess } from "../../lib/process";

/**
 * Has the stand-in do calls in this process, which spares a start of node for each. Undefined where its part for that is not there:
 * set-up of an earlier version built the command alone.
 */
export function standInProcess({ project, platform, exists }: Host): RunProcess | undefined {
  const program = pathsOf(platform).join(project, localFolder, "programs", "stand-in.js");
  if (!exists(program)) return undefined;
  return async (_, args, { timeoutSeconds, environment }) => {
    const { perform }: typeof import("../../embedded/perform") = require(program);
    const printed: string[] = [];
    const warned: string[] = [];
    const call = {
      args: [...args],
      print: (line: string) => printed.push(line),
      warn: (line: string) => warned.push(line),
    };
    const end = new AbortController();
    const timer =
      timeoutSeconds === undefined ? undefined : setTimeout(() => end.abort(), timeoutSeconds * 1000);
    const status = await perform(call, environment, end.signal);
    clearTimeout(timer);
    const timedOut = end.signal.aborted && status !== 0;
    return { stdout: text(printed), stderr: text(warned), status: timedOut ? null : status, timedOut };
  };
}

function text(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join("");
}
