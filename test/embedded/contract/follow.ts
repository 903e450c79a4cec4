import { execFileSync } from "node:child_process";
import { truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Answer } from "../program";
import { contract } from "./contract";

/**
 * Makes every call of the contract.
 * @param folder an empty one, which VBoxManage sees under the same path
 * @returns what was answered otherwise than the contract says
 */
export async function follow(run: (...args: string[]) => Promise<Answer>, folder: string): Promise<string[]> {
  writeFileSync(join(folder, "bytes.raw"), "");
  truncateSync(join(folder, "bytes.raw"), 20 * 2 ** 20);
  execFileSync("genisoimage", ["-quiet", "-o", join(folder, "seed.iso"), __filename]);
  const wrong: string[] = [];
  for (const step of contract(folder)) {
    const args = step.args.map((argument) => (typeof argument === "string" ? argument : argument()));
    const answer = await run(...args);
    const missed = [
      ...(answer.status === step.status ? [] : [`status ${step.status}`]),
      ...(step.stdout ?? [])
        .filter((pattern) => !pattern.test(answer.stdout))
        .map((pattern) => `stdout ${pattern}`),
      ...(step.stderr ?? [])
        .filter((pattern) => !pattern.test(answer.stderr))
        .map((pattern) => `stderr ${pattern}`),
    ];
    if (missed.length === 0) continue;
    const shown = `status ${answer.status}\nstdout: ${answer.stdout}\nstderr: ${answer.stderr}`;
    wrong.push(
      `VBoxManage ${args.join(" ")}\nexpected ${missed.join("\n         ")}\n${shown.slice(0, 3000)}`,
    );
  }
  return wrong;
}
