import { execFileSync } from "node:child_process";

/** What tests need beside Linux and root. */
export interface Needs {
  /** The Debian package that each program is in. */
  programs: Readonly<Record<string, string>>;
  /** Without it, any does. */
  architecture?: NodeJS.Architecture;
}

/**
 * Why tests cannot run here; undefined when they can. With REQUIRE_ALL=1 that is an error, not a reason to skip.
 * @param tests their folder
 */
export function obstacle(tests: string, { programs, architecture }: Needs): string | undefined {
  const missing = Object.entries(programs)
    .filter(([program]) => !has(program))
    .map(([program, inPackage]) => `${program} (apt install ${inPackage})`);
  const why =
    process.platform !== "linux"
      ? "they run on Linux only"
      : process.getuid?.() !== 0
        ? "they need root"
        : architecture !== undefined && architecture !== process.arch
          ? `they run on ${architecture} only`
          : missing.length > 0
            ? `missing: ${missing.join(", ")}`
            : undefined;
  if (why !== undefined && process.env.REQUIRE_ALL === "1") throw new Error(`${tests}: ${why}`);
  if (why !== undefined) console.warn(`${tests} not run: ${why}`);
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
