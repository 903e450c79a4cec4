import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder } from "../../lib/cache";
import { withLock } from "../../lib/lock";
import { type Log, step } from "../../lib/progress";
import { run } from "../../lib/run";
import { aptSettings, indexTargets, reachSettings, unstableSource } from "../../supply/base/mirror";

/** VirtualBox, and what its start script /usr/bin/VBoxManage calls. Of their dependencies none is chosen here. */
const packages = ["virtualbox", "coreutils", "dash", "grep", "mawk", "procps"];
/** Where four fifths of the bytes are: compilers of graphics drivers, documentation. VBoxManage opens none of it. */
const bulk = [/^lib\/x86_64-linux-gnu\/lib(?:LLVM|gallium|z3)/, /^share\/(?!virtualbox$)/, /^src\//];

const boundSeconds = 900;

/**
 * The file system with the real VBoxManage in it: VirtualBox out of Debian's unstable suite, unpacked only, since all but
 * starting machines works without its kernel driver, without its service's set-up too. Made once.
 * @returns its folder; only `usr` is in it
 */
export async function ensureVirtualBoxRoot(log: Log): Promise<string> {
  const content = createHash("sha256").update(JSON.stringify([packages, bulk.map(String)]));
  const root = join(cacheFolder(), "test", `virtualbox-${content.digest("hex").slice(0, 12)}`);
  if (existsSync(root)) return root;
  return withLock(root, { log, what: "the making of VirtualBox's file system", boundSeconds }, async () => {
    if (!existsSync(root)) await step(log, "VirtualBox out of Debian's unstable suite", () => make(root));
    return root;
  });
}

async function make(root: string): Promise<void> {
  const fresh = `${root}.new`;
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(fresh, { recursive: true });
  const source = unstableSource(await run(indexTargets), "main contrib");
  await run({
    program: "mmdebstrap",
    arguments: [
      ...["--quiet", "--mode=root", "--variant=extract", "--format=directory"],
      `--include=${packages.join(",")}`,
      ...(await aptOptions()).map((option) => `--aptopt=${option}`),
      ...["unstable", fresh, source],
    ],
    timeoutSeconds: boundSeconds,
    remedy: "apt-get install mmdebstrap",
  });
  // The alternatives' link that mawk's installation would have made.
  symlinkSync("mawk", join(fresh, "usr", "bin", "awk"));
  for (const name of readdirSync(fresh)) if (name !== "usr") remove(join(fresh, name));
  for (const name of bulkIn(join(fresh, "usr"))) remove(name);
  renameSync(fresh, root);
}

async function aptOptions(): Promise<string[]> {
  return [
    'Apt::Install-Recommends "false"',
    // apt's own user cannot reach a cache below a home folder.
    'APT::Sandbox::User "root"',
    ...reachSettings(await run(aptSettings)),
  ];
}

function bulkIn(usr: string): string[] {
  const folders = ["share", "src", join("lib", "x86_64-linux-gnu")];
  return folders.flatMap((folder) =>
    readdirSync(join(usr, folder))
      .map((name) => `${folder}/${name}`)
      .filter((name) => bulk.some((pattern) => pattern.test(name)))
      .map((name) => join(usr, name)),
  );
}

function remove(path: string): void {
  rmSync(path, { recursive: true, force: true });
}
