import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { type Log, waitFor } from "../../lib/progress";
import { obstacle } from "../obstacle";
import { ensureVirtualBoxRoot } from "./root";

/** A real VirtualBox of one's own: its service, settings and machines are seen by nobody else, and gone with it. */
export interface Sandbox {
  /** The executable. */
  vboxManage: string;
  /** Seen by VirtualBox under the same path; machines are below it, and whatever else a test puts there. */
  folder: string;
  /** Inode of its processes' namespace: `/proc/PID/ns/pid` of each links to it. */
  processes: number;
  /** A process in its namespaces, seen from here. */
  inside: number;
  /** Starts its service to stay; else it ends five seconds after the last call, and forgets the media that no machine has. */
  keepService: () => Promise<void>;
  remove: () => Promise<void>;
}

/** Programs that a sandbox and its use need, with their Debian packages. */
export const sandboxPrograms = {
  bwrap: "bubblewrap",
  nsenter: "util-linux",
  mmdebstrap: "mmdebstrap",
  genisoimage: "genisoimage",
  ip: "iproute2",
};

/** Why there can be no sandbox here; undefined when there can. */
export function sandboxObstacle(): string | undefined {
  // Debian has VirtualBox for this architecture only.
  return obstacle("the real VirtualBox", { programs: sandboxPrograms, architecture: "x64" });
}

/**
 * Namespaces with VirtualBox's own /usr, held by a process that ends with this one; VBoxManage is started inside them.
 * @param read further folders that VirtualBox sees under the same path, and cannot write to
 */
export async function openSandbox(log: Log, read: readonly string[] = []): Promise<Sandbox> {
  const root = await ensureVirtualBoxRoot(log);
  const outside = mkdtempSync(join(tmpdir(), "kube-lab-virtualbox-"));
  const folder = join(outside, "seen");
  const home = join(folder, "home");
  mkdirSync(home, { recursive: true });
  const { holder, information } = await hold(root, folder, read);
  const vboxManage = join(outside, "VBoxManage");
  const enter = [
    "nsenter",
    "--target",
    String(information["child-pid"]),
    "--mount",
    "--pid",
    "--net",
    "--ipc",
  ];
  const variables = { HOME: home, VBOX_USER_HOME: join(home, "settings"), USER: "root", LOGNAME: "root" };
  const exported = Object.entries(variables).map(([name, value]) => `${name}='${value}'`);
  const lines = [
    "#!/bin/sh",
    `export ${exported.join(" ")}`,
    `exec ${enter.join(" ")} -- /usr/bin/VBoxManage "$@"`,
  ];
  writeFileSync(vboxManage, `${lines.join("\n")}\n`, { mode: 0o755 });
  const keepService = async () => {
    const [program = "", ...words] = [...enter, "--", "/usr/lib/virtualbox/VBoxSVC"];
    const env = { ...process.env, ...variables };
    const service = spawn(program, words, { env, stdio: "ignore" });
    const file = join(variables.VBOX_USER_HOME, "VBoxSVC.log");
    const wait = { log, what: "for VirtualBox's service", boundSeconds: 30, remedy: `Look at ${file}.` };
    await waitFor({ ...wait, pause: { first: 50, longest: 200 } }, async () => {
      if (service.exitCode !== null) throw new Error(`VirtualBox's service ended at once. ${wait.remedy}`);
      return (existsSync(file) && readFileSync(file, "utf8").includes("IPC socket")) || undefined;
    });
  };
  const remove = async () => {
    holder.stdin?.end();
    const processes = `/proc/${information["child-pid"]}`;
    const remedy = `Look at ${processes}: the kernel ends all processes of a namespace with its first.`;
    const wait = { log, what: "for VirtualBox's processes to end", boundSeconds: 20, remedy };
    await waitFor(
      { ...wait, pause: { first: 5, longest: 100 } },
      async () => !existsSync(processes) || undefined,
    );
    rmSync(outside, { recursive: true, force: true });
  };
  return {
    vboxManage,
    folder,
    processes: information["pid-namespace"],
    inside: information["child-pid"],
    keepService,
    remove,
  };
}

interface Information {
  "child-pid": number;
  "pid-namespace": number;
}

async function hold(
  root: string,
  folder: string,
  read: readonly string[],
): Promise<{ holder: ChildProcess; information: Information }> {
  const links = ["bin", "lib", "lib64", "sbin"].flatMap((name) => ["--symlink", `usr/${name}`, `/${name}`]);
  const options = [
    ...["--unshare-pid", "--unshare-net", "--unshare-ipc", "--die-with-parent", "--info-fd", "3"],
    ...["--ro-bind", join(root, "usr"), "/usr", ...links],
    ...["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"],
    ...["--ro-bind", "/etc/passwd", "/etc/passwd", "--bind", folder, folder],
    ...read.flatMap((path) => ["--ro-bind", path, path]),
  ];
  // cat says by its echo that all is mounted, and ends with its input, taking every process inside along.
  const holder = spawn("bwrap", [...options, "cat"], { stdio: ["pipe", "pipe", "pipe", "pipe"] });
  const errors = text(holder.stderr);
  holder.stdin.write("\n");
  const ready = await Promise.race([
    once(holder.stdout, "data"),
    once(holder, "close").then(() => undefined),
  ]);
  if (!ready) throw new Error(`bwrap ended at once: ${await errors}`);
  const information = JSON.parse(await text(holder.stdio[3] as Readable)) as Information;
  return { holder, information };
}
