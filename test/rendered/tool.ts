import { spawnSync } from "node:child_process";

/**
 * `test`, or a visible skip where the tool is not installed; with REQUIRE_ALL=1 the tests run and fail instead.
 * @param tool a program of the PATH, or a path
 */
export function testWith(tool: string): typeof test {
  if (process.env.REQUIRE_ALL === "1" || has(tool)) return test;
  console.warn(`skipped: ${tool} is not installed (REQUIRE_ALL=1 makes that a failure)`);
  return test.skip as typeof test;
}

function has(tool: string): boolean {
  return spawnSync("which", [tool], { stdio: "ignore", env: toolEnvironment() }).status === 0;
}

/** Debian's system programs are in sbin, which a user's PATH may lack. */
export function toolEnvironment(): NodeJS.ProcessEnv {
  return { ...process.env, PATH: `${process.env.PATH ?? ""}:/usr/sbin:/sbin`, LC_ALL: "C.UTF-8" };
}

/** Runs a tool; what it says is the assertion's message, so that a failure explains itself. */
export function expectAccepted(
  tool: string,
  args: string[],
  environment: NodeJS.ProcessEnv = {},
  input = "",
): string {
  const env = { ...toolEnvironment(), ...environment };
  const result = spawnSync(tool, args, { encoding: "utf8", env, input });
  const words = `${result.error?.message ?? ""}${result.stdout ?? ""}${result.stderr ?? ""}`;
  expect({ tool, status: result.status, words }).toEqual({ tool, status: 0, words });
  return words;
}
