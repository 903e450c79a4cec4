import { listBases } from "../../offline/base/prune";

/**
 * The base disk that these tests look at: `KUBE_LAB_BASE_DISK`, else the newest of the cache.
 * @throws Error when there is none, or when this is not root
 */
export async function diskUnderTest(): Promise<string> {
  if (process.getuid?.() !== 0) throw new Error("These tests mount a disk: run them as root.");
  if (process.env.KUBE_LAB_BASE_DISK) return process.env.KUBE_LAB_BASE_DISK;
  const newest = (await listBases()).at(-1);
  if (newest) return `${newest.folder}/disk.img`;
  throw new Error(
    "There is no base disk in the cache. Make one first: npx tsx offline/base/main.ts --bundle FOLDER",
  );
}
