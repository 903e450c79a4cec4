import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { cacheFolder } from "../lib/cache";
import { type CommandLine, runCommand } from "../lib/command-line";
import { ensureHostPackages } from "../lib/debian-packages";
import { type FreshRoot, freshPrograms, makeFreshRoot } from "./test-fresh/root";

const usage = {
  name: "test:fresh",
  does: "does what README says first on a fresh computer: a new Debian with Node.js, Go and git alone, as a file system with namespaces of its own, for the commit that is checked out",
  options: {
    "host-cache": { type: "boolean", does: "lends it this computer's cache: a quicker try" },
  },
  notes: "It takes the better part of an hour and wants root, 30 GB of disk and 16 GiB of memory.",
} as const;

const own = join(__dirname, "test-fresh");

/** Its last line is `N passed, N failed`: those of `npm test`, and the other commands as one each. */
async function main({ values }: CommandLine<typeof usage.options>): Promise<void> {
  if (process.getuid?.() !== 0) throw new Error("a fresh computer is a file system to mount: run it as root");
  ensureHostPackages(["debian-archive-keyring", ...new Set(Object.values(freshPrograms))]);
  const folder = mkdtempSync("/var/tmp/kube-lab-fresh-");
  try {
    console.log(`fresh: a new Debian in ${folder}`);
    const root = await makeFreshRoot(join(folder, "root"));
    execFileSync("git", ["clone", "--quiet", "--bare", process.cwd(), join(root.folder, "source.git")]);
    cpSync(own, join(root.folder, "fresh"), { recursive: true });
    const cache = values["host-cache"] ? cacheFolder() : undefined;
    const counts = await counted(await enter(root, cache));
    console.log(`${counts.passed} passed, ${counts.failed} failed`);
    process.exitCode = counts.failed === 0 && counts.passed > 0 ? 0 : 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Starts the two commands inside; they end with this process. */
async function enter(root: FreshRoot, cache: string | undefined): Promise<ChildProcess> {
  const namespaces = ["--mount", "--net", "--uts", "--ipc", "--pid", "--fork", "--kill-child"];
  const environment = {
    ...root.environment,
    ...(cache === undefined ? {} : { KUBE_LAB_CACHE: "/var/cache/kube-lab" }),
  };
  const lent = join(root.folder, "var/cache/kube-lab");
  if (cache !== undefined) mkdirSync(lent, { recursive: true });
  const script =
    'if [ -n "$3" ]; then mount --bind "$3" "$4"; fi; exec sh "$1" "$2" bash /fresh/both-commands.sh';
  const inside = spawn(
    "unshare",
    [...namespaces, "sh", "-c", script, "sh", join(own, "enter.sh"), root.folder, cache ?? "", lent],
    { stdio: ["pipe", "pipe", "inherit", "pipe"], env: environment },
  );
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
    process.once(signal, () => inside.kill("SIGKILL"));
  await once(inside.stdio[3] as Readable, "data");
  await connect(inside, root.folder);
  inside.stdin?.end("\n");
  return inside;
}

/** A way out by this computer's own sockets: nothing of its network is changed. */
async function connect(inside: ChildProcess, root: string): Promise<void> {
  const options = ["--configure", "--mtu=65520", "--cidr=100.64.7.0/24", "--disable-host-loopback"];
  const network = spawn("slirp4netns", [...options, "--ready-fd=3", String(inside.pid), "tap0"], {
    stdio: ["ignore", "ignore", "ignore", "pipe"],
  });
  await Promise.race([
    once(network.stdio[3] as Readable, "data"),
    once(network, "exit").then(([status]) => {
      throw new Error(`slirp4netns ended with ${status}`);
    }),
  ]);
  inside.once("exit", () => network.kill());
  writeFileSync(join(root, "etc/resolv.conf"), "nameserver 100.64.7.3\n");
}

async function counted(inside: ChildProcess): Promise<{ passed: number; failed: number }> {
  const counts = { passed: 0, failed: 0 };
  for await (const line of createInterface({ input: inside.stdout as Readable })) {
    console.log(line);
    const [, passed, failed] = /^(\d+) passed, (\d+) failed$/.exec(line) ?? [];
    counts.passed += Number(passed ?? 0);
    counts.failed += Number(failed ?? 0);
    const status = /^fresh: npm run .*: status (\d+) after/.exec(line)?.[1];
    if (status !== undefined) counts[status === "0" ? "passed" : "failed"] += 1;
  }
  return counts;
}

void runCommand(usage, main);
