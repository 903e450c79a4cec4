import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { type BaseDiskRecord, baseDisksFile, versionsOf } from "../../components/base-disk";
import { openVBoxManage } from "../../hypervisor/driver/vboxmanage";
import { diskOfMachine } from "../../hypervisor/image/base-machine";
import { rememberBundle } from "../../hypervisor/machine/bundles";
import { fileDigest } from "../../lib/file-digest";
import { thisHost } from "../../lib/host";
import { logFor } from "../../lib/progress";
import type { LabPlan } from "../../plan/lab-plan";
import { releasesOf, releasesText } from "../../plan/releases";
import { ensureBase } from "../../supply/base/base";
import { cloudImage, ensureCloudImage } from "../../supply/base/cloud-image";
import { preparedHash } from "../../supply/base/inputs";
import { type BundleFolder, ensureBundle, hostArchitecture } from "../../supply/kubernetes/bundle";

export interface Base {
  /** Name of the template machine that the lab's machines are clones of. */
  template: string;
  /** Folder of the Kubernetes bundle. */
  bundle: string;
}

type Report = (line: string) => void;
type Disk = Pick<BaseDiskRecord, "template" | "path" | "bundle">;

/**
 * Makes or fetches the base disk that a plan wants, and writes it down for the Pulumi program, which makes nothing itself.
 * @throws Error when it can't be had, with what to do.
 */
export async function ensureBaseDisk(plan: LabPlan, report: Report): Promise<Base> {
  const { base, rootDiskGiB, layout } = plan.image;
  const bundle = await ensureLabBundle(plan, report);
  const disk = await diskFor(plan, bundle, report);
  remember({ base, rootDiskGiB, layout, versions: versionsOf(plan), ...disk });
  return { template: disk.template, bundle: bundle.folder };
}

/** Makes or fetches the bundle that a plan wants, and writes it down for living machines, which get it as a volume. */
export async function ensureLabBundle(plan: LabPlan, report: Report): Promise<BundleFolder> {
  const bundle = await ensureKubernetes(plan, report);
  rememberBundle(process.cwd(), releasesText(releasesOf(plan)), bundle.folder);
  return bundle;
}

/** Makes or fetches the bundle of Kubernetes' programs and images that a plan wants, with those of the add-ons that are on. */
export function ensureKubernetes({ kubernetes, addons }: LabPlan, report: Report): Promise<BundleFolder> {
  const { storage, ...others } = addons;
  const on = Object.entries({ localPathProvisioner: storage, ...others }).filter(
    ([, { enabled }]) => enabled,
  );
  return ensureBundle({
    version: kubernetes.version,
    addons: Object.fromEntries(on.map(([name, { version }]) => [name, version])),
    log: report,
  });
}

/** Built where that is possible; otherwise an image that the template prepares at its one boot, with the bundle's help. */
async function diskFor(plan: LabPlan, bundle: BundleFolder, report: Report): Promise<Disk> {
  const { base, rootDiskGiB, layout } = plan.image;
  const builds = process.platform === "linux" && process.getuid?.() === 0;
  if (base === "built" && (builds || layout !== "plain")) {
    const { disk, hash } = await ensureBase({ bundle: bundle.folder, rootDiskGiB, layout, report });
    return { template: templateName(hash), path: disk };
  }
  const path = await imageFile(plan, report);
  const hash = await preparedHash({
    project: process.cwd(),
    bundle: bundle.folder,
    rootDiskGiB,
    disk: await fileDigest(path),
  });
  return { template: templateName(hash), path, bundle: bundle.folder };
}

/** Where no disk can be built, Debian's own cloud image is the nearest to it. */
async function imageFile({ hypervisor, image }: LabPlan, report: Report): Promise<string> {
  const base = image.base === "built" ? "debian-13" : image.base;
  const download = cloudImage(base, hostArchitecture(), image.checksum);
  if (download) return ensureCloudImage(download, report);
  const machine = /^machine:(.+)$/.exec(base)?.[1];
  if (machine !== undefined) {
    return diskOfMachine(openVBoxManage(hypervisor, thisHost(), logFor("base disk")), machine);
  }
  const path = resolve(base);
  if (existsSync(path)) return path;
  throw new Error(
    `kube-lab:image.base is ${base}: there is no file ${path}. Name a disk image that is there, a URL, debian-13, ubuntu-24.04, machine:NAME or built.`,
  );
}

function templateName(hash: string): string {
  return `kube-lab-image-${hash.slice(0, 12)}`;
}

/** Those of other stacks, and of machines that live, stay in the list. */
function remember(record: BaseDiskRecord): void {
  const file = baseDisksFile();
  const known = existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as BaseDiskRecord[]) : [];
  const others = known.filter(
    ({ template, versions }) => template !== record.template || versions !== record.versions,
  );
  writeFileSync(file, `${JSON.stringify([...others, record], null, 2)}\n`);
}
