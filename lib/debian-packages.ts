import { execFileSync, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";

/**
 * Installs the Debian packages among `names` that are missing; needs root only when one is.
 * Elsewhere than on Debian and its kin it does nothing: preflight names what is missing there.
 * @throws Error with the command to run by hand, when not root or when apt fails.
 */
export function ensureHostPackages(names: string[]): void {
  if (!existsSync("/usr/bin/apt-get")) return;
  const missing = names.filter((name) => !isInstalled(name));
  if (missing.length === 0) return;
  const byHand = `apt-get update && apt-get install --no-install-recommends ${missing.join(" ")}`;
  if (process.getuid?.() !== 0) throw new Error(`Debian packages are missing. As root: ${byHand}`);
  console.log(`kube-lab: installing Debian packages: ${missing.join(" ")}`);
  // Third-party sources may be out of reach; what matters is whether the installation works.
  apt(["update", "--quiet", "--quiet"]);
  const status = apt(["install", "--yes", "--quiet", "--quiet", "--no-install-recommends", ...missing]);
  if (status !== 0)
    throw new Error(`apt-get ended with status ${status}. See its output above, then: ${byHand}`);
}

function isInstalled(name: string): boolean {
  try {
    const format = "$" + "{db:Status-Status}";
    return execFileSync("dpkg-query", ["--show", "--showformat", format, name], { stdio: "pipe" })
      .toString()
      .startsWith("installed");
  } catch {
    return false;
  }
}

/** Its output goes to a file-like silence unless it fails: 40 packages are 400 lines. */
function apt(aptArguments: string[]): number {
  const result = spawnSync("apt-get", aptArguments, {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    // A package must not start its daemon on the host: the machines have their own.
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive", RUNLEVEL: "1" },
  });
  if (result.status !== 0) process.stderr.write(`${result.stdout}${result.stderr}`);
  return result.status ?? 1;
}
