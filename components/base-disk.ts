import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { ImageChoice } from "../hypervisor/reality/reality";
import { thisHost } from "../lib/host";
import { localFolder } from "../lib/local-folder";
import { birthOf } from "../plan/birth";
import type { DiskLayout, LabPlan } from "../plan/lab-plan";
import { releasesOf, releasesText } from "../plan/releases";
import type { BaseDisk } from "./image";

/** Where set-up writes down which base disks it has made or fetched, the latest last. */
export function baseDisksFile(project = thisHost().project): string {
  return join(project, localFolder, "base-disks.json");
}

/** A base disk and what it was made for; set-up writes a list of them. */
export interface BaseDiskRecord extends BaseDisk {
  /** `image.base` of the plan. */
  base: string;
  rootDiskGiB: number;
  layout: DiskLayout;
  /** Of what is on it, by versionsOf. */
  versions: string;
}

/** The base disk that set-up has made for such a plan; it is not looked at. Undefined when set-up has made none. */
export function baseDiskFor(plan: LabPlan, file = baseDisksFile()): BaseDisk | undefined {
  const versions = versionsOf(plan);
  const found = read(file).findLast(
    (record) => birthOfRecord(record) === birthOf(plan) && record.versions === versions,
  );
  return found && baseDiskOf(found);
}

/** What new machines of a plan are clones of, and which living ones may stay what they are. */
export function imageChoice(plan: LabPlan, baseDisk = baseDiskFor(plan)): ImageChoice {
  const keeps: ImageChoice["keeps"] = (born) => keepsImage(plan, born);
  return baseDisk === undefined ? { keeps } : { template: baseDisk.template, keeps };
}

/**
 * Whether a machine that was made from a template may stay what it is: it was born as the plan wants it. Where it is unknown what it
 * was born as, it is not recreated for that.
 * @param birth of the machine's own record, by plan/birth.ts
 */
export function keepsImage(
  plan: LabPlan,
  { image, birth }: { image: string; birth?: string },
  file = baseDisksFile(),
): boolean {
  const born = birth ?? birthOfTemplate(image, file);
  return born === undefined || born === birthOf(plan);
}

function birthOfTemplate(image: string, file: string): string | undefined {
  const found = read(file).findLast(({ template }) => template === image);
  return found && birthOfRecord(found);
}

/** The base disk of the latest of some templates; undefined where set-up has written down none of them. */
export function latestBaseDisk(templates: ReadonlySet<string>, file = baseDisksFile()): BaseDisk | undefined {
  const found = read(file).findLast(({ template }) => templates.has(template));
  return found && baseDiskOf(found);
}

function baseDiskOf({ template, path, bundle }: BaseDiskRecord): BaseDisk {
  return { template, path, ...(bundle === undefined ? {} : { bundle }) };
}

function birthOfRecord({ base, rootDiskGiB, layout }: BaseDiskRecord): string {
  return birthOf({ image: { base, rootDiskGiB, layout } });
}

/** What the machines of a template were born with, by versionsOf; undefined where set-up has not written it down. */
export function versionsOfTemplate(template: string, file = baseDisksFile()): string | undefined {
  return read(file).find((record) => record.template === template)?.versions;
}

/** What a plan wants on its disk: `Kubernetes 1.36.3, flannel 0.28.4, storage 0.0.30`. */
export function versionsOf(plan: LabPlan): string {
  return releasesText(releasesOf(plan));
}

function read(file: string): BaseDiskRecord[] {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as BaseDiskRecord[];
  } catch {
    // Missing or cut short: as if set-up had never run.
    return [];
  }
}
