import { execFileSync } from "node:child_process";

/** What is needed beside Linux and root. */
export interface Needs {
  /** The Debian package that each program is in. */
  programs: Readonly<Record<string, string>>;
  /** Without it, any does. */
  architecture?: NodeJS.Architecture;
}

/**
 * Why something cannot be tested here; undefined when it can. With REQUIRE_ALL=1 that is an error, not a reason to skip.
 */
export function obstacle(what: string, { programs, architecture }: Needs): string | undefined {
  const missing = Object.entries(programs)
    .filter(([program]) => !has(program))
    .map(([program, inPackage]) => `${program} (apt install ${inPackage})`);
  const why =
    process.platform !== "linux"
      ? "it runs on Linux only"
      : process.getuid?.() !== 0
        ? "it needs root"
        : architecture !== undefined && architecture !== process.arch
          ? `it runs on ${architecture} only`
          : missing.length > 0
            ? `missing: ${missing.join(", ")}`
            : undefined;
  if (why !== undefined && process.env.REQUIRE_ALL === "1") throw new Error(`${what}: ${why}`);
  if (why !== undefined) console.warn(`${what} is not tested: ${why}`);
  return why;
}

function has(program: string): boolean {
  try {
    execFileSync("which", [program], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
