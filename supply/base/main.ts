import { parseArgs } from "node:util";
import { type DiskLayout, diskLayouts } from "../../plan/lab-plan";
import { ensureBase } from "./base";
import { listBases } from "./prune";

const usage = `Makes the base disk of the lab's machines available, see supply/base.
  --bundle FOLDER    Kubernetes bundle, as supply/kubernetes makes it
  --size GIB         size of the root disk (default 30)
  --layout LAYOUT    plain (default) or lvm
  --cache FOLDER     default: the user's cache folder of kube-lab
  --list             only says which there are`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      bundle: { type: "string" },
      size: { type: "string", default: "30" },
      layout: { type: "string", default: "plain" },
      cache: { type: "string" },
      list: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  const cache = values.cache === undefined ? {} : { cache: values.cache };
  if (values.help) return console.log(usage);
  if (values.list) return list(values.cache);
  if (values.bundle === undefined) throw new Error(`--bundle is missing.\n${usage}`);
  const began = Date.now();
  const seconds = (): string => `${((Date.now() - began) / 1000).toFixed(1).padStart(6)} s`;
  const report = (line: string): void => console.log(`${seconds()}  ${line}`);
  const wanted = { bundle: values.bundle, rootDiskGiB: size(values.size), layout: layout(values.layout) };
  const base = await ensureBase({ ...wanted, report, ...cache });
  console.log(`${seconds()}  ${base.disk}${base.built ? "" : " (was there)"}`);
}

function size(text: string): number {
  const gib = Number(text);
  if (Number.isInteger(gib) && gib >= 8 && gib <= 2000) return gib;
  throw new Error(`--size ${text}: give whole GiB from 8 to 2000`);
}

function layout(text: string): DiskLayout {
  const found = diskLayouts.find((name) => name === text);
  if (found) return found;
  throw new Error(`--layout ${text}: give ${diskLayouts.join(" or ")}`);
}

async function list(cache: string | undefined): Promise<void> {
  for (const { hash, bytes, rootDiskGiB, layout, built } of await listBases(cache)) {
    console.log(
      `${hash}  ${layout}, ${rootDiskGiB} GiB, ${Math.round(bytes / 2 ** 20)} MiB stored  ${built.toISOString()}`,
    );
  }
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
