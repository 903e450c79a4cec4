import { existsSync, statSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { placeFolder } from "../embedded/place";
import { removeUnused } from "../embedded/prune";
import { locateVBoxManage } from "../hypervisor/driver/locate";
import { openVBoxManage } from "../hypervisor/driver/vboxmanage";
import { absentImage, listImages } from "../hypervisor/image/image";
import { cacheFolder } from "../lib/cache";
import { type CommandLine, type Options, runCommand } from "../lib/command-line";
import { thisHost } from "../lib/host";
import { logFor } from "../lib/progress";
import { table } from "../lib/table";
import { listBases, listDownloads, removeBase, removeStages } from "../supply/base/prune";
import { listBundles, removeBundle } from "../supply/kubernetes/prune";
import { buildPrograms } from "./set-up/programs";

/** Something that a lab can be made without, at the price of time. */
interface Cached {
  what: string;
  name: string;
  bytes?: number;
  remove: () => Promise<void>;
}

const options = { yes: { type: "boolean", short: "y", does: "removes them" } } as const satisfies Options;

const usage = {
  name: "prune",
  does: "lists the caches that all labs share; images that machines are clones of stay, and say so",
  options,
};

async function main({ values }: CommandLine<typeof options>): Promise<void> {
  const caches = await listCaches();
  if (caches.length === 0) {
    console.log("There is nothing to prune.");
    return;
  }
  console.log(
    table(
      ["what", "name", "size"],
      caches.map(({ what, name, bytes }) => [what, name, size(bytes)]),
    ),
  );
  if (!values.yes) {
    console.log("\nNothing was removed. To remove all of it: npm run prune -- --yes");
    return;
  }
  for (const { what, name, remove } of caches) {
    try {
      await remove();
      console.log(`removed ${what} ${name}`);
    } catch (error) {
      console.error(`kept ${what} ${name}: ${(error as Error).message}`);
      process.exitCode = 1;
    }
  }
}

async function listCaches(): Promise<Cached[]> {
  const bundles = await listBundles();
  const bases = await listBases();
  return [
    ...(await templates()),
    ...bases.map((base) => ({
      what: "base disk",
      name: base.hash.slice(0, 12),
      bytes: base.bytes,
      remove: () => removeBase(base),
    })),
    ...(await listDownloads()).map(({ folder, name, bytes }) => ({
      what: "downloaded image",
      name,
      bytes,
      remove: () => removeBase({ folder }),
    })),
    { what: "stages of base disks", name: "all", remove: async () => void (await removeStages()) },
    ...bundles.map((bundle) => ({
      what: "Kubernetes bundle",
      name: bundle.name,
      bytes: bundle.bytes,
      remove: () => removeBundle(bundle),
    })),
    ...standIn(),
    ...folder("Pulumi engine", "engine"),
    ...folder("descriptions of image archives", "image-archives"),
    ...folder("tests' file systems", "test"),
  ];
}

/** Template machines of every hypervisor that is here. The stand-in's may be older than this clone, which has not built it yet. */
async function templates(): Promise<Cached[]> {
  const host = thisHost();
  if (existsSync(placeFolder())) buildPrograms(host.project);
  const found: Cached[] = [];
  for (const hypervisor of ["virtualbox", "embedded"] as const) {
    try {
      locateVBoxManage(hypervisor, host);
    } catch {
      continue;
    }
    const vbox = openVBoxManage(hypervisor, host, logFor("prune"));
    for (const image of await listImages(vbox)) {
      found.push({
        what: `${hypervisor} image`,
        name: image,
        remove: () => absentImage(vbox, image, logFor("prune")),
      });
    }
  }
  return found;
}

/** Disks are in one file, which grows; after the images, since it stays while one is in it. */
function standIn(): Cached[] {
  const name = placeFolder();
  if (!existsSync(name)) return [];
  const blocks = statSync(join(name, "store.img"), { throwIfNoEntry: false })?.blocks ?? 0;
  return [{ what: "stand-in", name, bytes: blocks * 512, remove: () => removeUnused() }];
}

function folder(what: string, name: string): Cached[] {
  const path = join(cacheFolder(), name);
  return existsSync(path) ? [{ what, name: path, remove: () => rm(path, { recursive: true }) }] : [];
}

function size(bytes: number | undefined): string {
  return bytes === undefined ? "" : `${Math.ceil(bytes / 2 ** 20)} MiB`;
}

void runCommand(usage, main);
