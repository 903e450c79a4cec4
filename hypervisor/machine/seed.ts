import { existsSync } from "node:fs";
import { chmod, mkdir, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import type { Host } from "../../lib/host";
import { ensurePrivateFolder } from "../../lib/private-folder";
import type { RunProcess } from "../../lib/process";
import type { Log } from "../../lib/progress";
import { withTemporaryFolder } from "../../lib/temporary-folder";
import { SpecificationError, VBoxManageError } from "../driver/errors";
import { foldersOf, labFolders } from "../driver/folders";
import { inspect } from "../driver/inspect";
import { makeIso } from "../driver/iso";
import type { VBoxManage } from "../driver/vboxmanage";
import type { MachineReference } from "../specification/lab";
import { isBundleVolume } from "./bundle-volume";
import { attachedMedium, SEED_DRIVE, SEED_PORT } from "./hardware";
import { forget } from "./leftovers";

/** The label that cloud-init's NoCloud looks for. */
const SEED_LABEL = "cidata";

/** The three files of a NoCloud seed. */
export interface SeedContent {
  userData: string;
  metaData: string;
  networkConfig: string;
}

/** Name in the ISO by name in the specification. */
const FILES: Record<keyof SeedContent, string> = {
  userData: "user-data",
  metaData: "meta-data",
  networkConfig: "network-config",
};

/** Reads the seed from standard input: JSON {userData, metaData, networkConfig}. Errors never quote the secret input. */
export function parseSeedContent(text: string): SeedContent {
  const allowed = Object.keys(FILES).join(", ");
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new SpecificationError([
      `standard input is not JSON; allowed is one object with the texts ${allowed}`,
    ]);
  }
  const object = typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  const problems = [
    ...Object.keys(FILES)
      .filter((key) => typeof object[key] !== "string" || object[key] === "")
      .map((key) => `standard input has no text ${key}; needed are ${allowed}`),
    ...Object.keys(object)
      .filter((key) => !(key in FILES))
      .map((key) => `standard input has an unknown key ${key}; allowed are ${allowed}`),
  ];
  if (problems.length > 0) throw new SpecificationError(problems);
  return object as unknown as SeedContent;
}

/** Writes the machine's seed ISO, mode 0600. Attaching is the machine's business. @returns its path */
export async function ensureSeed(
  vbox: VBoxManage,
  reference: MachineReference,
  content: SeedContent,
  host: Host,
  run?: RunProcess,
): Promise<string> {
  const folders = await labFolders(vbox, reference.group);
  await ensurePrivateFolder(folders.lab, host, run);
  await writeSeed(content, folders.seed(reference.machine), host, run);
  return folders.seed(reference.machine);
}

/** Makes a seed ISO out of its content; content files and ISO are never readable to others, also not for a moment. */
export async function writeSeed(
  content: SeedContent,
  target: string,
  host: Host,
  run?: RunProcess,
): Promise<void> {
  await withTemporaryFolder(path.dirname(target), ".seed-", async (folder) => {
    const source = path.join(folder, "volume");
    await mkdir(source, { mode: 0o700 });
    for (const [key, name] of Object.entries(FILES))
      await writeFile(path.join(source, name), content[key as keyof SeedContent], { mode: 0o600 });
    const made = path.join(folder, "seed.iso");
    await makeIso({ source, target: made, label: SEED_LABEL }, host, run);
    await rename(made, target);
    await chmod(target, 0o600);
  });
}

/** Empties the machine's drive and deletes its seed: the node has converged, its keys are where they belong. */
export async function sealSeed(vbox: VBoxManage, reference: MachineReference, log: Log): Promise<void> {
  const info = await inspect(vbox, reference.machine);
  const folders = await foldersOf(vbox, reference, info);
  const seed = folders.seed(reference.machine);
  const attached = info && attachedMedium(info, SEED_PORT);
  if (attached !== undefined) await eject(vbox, reference.machine);
  if (isBundleVolume(folders, attached)) log("the volume with Kubernetes' programs taken out");
  else if (attached !== undefined || existsSync(seed)) {
    await forget(vbox, "dvd", seed);
    log("seed taken out and deleted");
  }
  await rm(seed, { force: true });
}

/** Deletes the seed; the machine that had it is gone already. */
export async function absentSeed(vbox: VBoxManage, reference: MachineReference): Promise<void> {
  const folders = await labFolders(vbox, reference.group);
  const seed = folders.seed(reference.machine);
  if (existsSync(seed)) {
    const info = await inspect(vbox, reference.machine);
    if (info && attachedMedium(info, SEED_PORT) !== undefined) await eject(vbox, reference.machine);
    await forget(vbox, "dvd", seed);
  }
  await rm(seed, { force: true });
}

async function eject(vbox: VBoxManage, machine: string): Promise<void> {
  const call = ["storageattach", machine, ...SEED_DRIVE, "--medium", "emptydrive"];
  try {
    await vbox.call(call);
  } catch (error) {
    if (!(error instanceof VBoxManageError)) throw error;
    // The guest has the volume mounted and holds the drive's door.
    await vbox.call([...call, "--forceunmount"]);
  }
}
