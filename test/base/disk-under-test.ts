import type { DiskLayout } from "../../plan/lab-plan";
import { ensureBase } from "../../supply/base/base";
import { listBases } from "../../supply/base/prune";
import { ensureBundle } from "../../supply/kubernetes/bundle";

/**
 * The base disk that these tests look at. Of the plain layout `KUBE_LAB_BASE_DISK`, else the newest of the cache; of another
 * one the present one, which is made when it is not there, since set-up does so only for who wants it.
 * @throws Error when there is none, or when this is not root
 */
export async function diskUnderTest(layout: DiskLayout = "plain"): Promise<string> {
  if (process.getuid?.() !== 0) throw new Error("These tests mount a disk: run them as root.");
  if (layout !== "plain") return (await ensureBase({ bundle: (await ensureBundle()).folder, layout })).disk;
  if (process.env.KUBE_LAB_BASE_DISK) return process.env.KUBE_LAB_BASE_DISK;
  const newest = (await listBases()).filter((base) => base.layout === layout).at(-1);
  if (newest) return `${newest.folder}/disk.img`;
  throw new Error(
    "There is no base disk in the cache. Make one first: npx tsx supply/base/main.ts --bundle FOLDER",
  );
}
