import { mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { type Log, step } from "../../lib/progress";
import type { Command } from "../../lib/run";
import { type DiskLayout, diskLayouts } from "../../plan/lab-plan";
import { type BaseInputs, suite } from "./inputs";
import { debianSources, indexTargets } from "./mirror";

/** Runs a program to its end; returns its output or throws. */
export type Run = (command: Command) => Promise<string>;

/** Where a build takes place. */
export interface Workplace {
  /** Keeps the results of stages, by their hashes. */
  stages: string;
  /** For what is not complete; empty at the beginning and removed at the end, whatever that is. */
  work: string;
  exists: (path: string) => boolean;
  run: Run;
  log: Log;
}

/** A step of the build: its result is a file, and no step is done again while that is there. */
async function stage(place: Workplace, file: string, title: string, make: Maker): Promise<string> {
  const result = join(place.stages, file);
  if (place.exists(result)) {
    place.log(`base disk: ${title}: already there`);
    return result;
  }
  await mkdir(place.stages, { recursive: true });
  const partial = join(place.work, file);
  let at = "";
  const tell = (line: string): void => {
    at = line;
  };
  await step(
    place.log,
    `base disk: ${title}`,
    () => make(partial, tell),
    () => at,
  );
  await rename(partial, result);
  return result;
}

type Maker = (partial: string, tell: (line: string) => void) => Promise<unknown>;

/** Stage 1: Debian with all packages, as an archive. */
export async function rootArchive(inputs: BaseInputs, place: Workplace): Promise<string> {
  const file = `${inputs.layout}-root-${inputs.hashes.root.slice(0, 12)}.tar.zst`;
  return stage(
    place,
    file,
    `Debian ${suite} with ${inputs.packages.length} packages`,
    async (partial, onLine) => {
      const sources = debianSources(await place.run(indexTargets), suite);
      const temporary = join(place.work, "temporary");
      await mkdir(temporary, { recursive: true });
      const values = [partial, temporary, suite, inputs.packages.join(","), ...sources];
      await place.run(
        isolated(script(inputs, "make-root.sh"), values, { minutes: 60, network: true, onLine }),
      );
    },
  );
}

/** Stage 2: a disk that boots, with Debian on it. */
export async function bootableDisk(inputs: BaseInputs, archive: string, place: Workplace): Promise<string> {
  const file = `${inputs.layout}-disk-${inputs.hashes.disk.slice(0, 12)}.img`;
  return stage(place, file, "partitions, file systems and boot loader", async (partial, onLine) => {
    const values = [archive, partial, String(inputs.rootDiskGiB), inputs.layout];
    await place.run(
      isolated(script(inputs, "make-disk.sh"), values, { minutes: 20, network: false, onLine }),
    );
  });
}

/** Stage 3: a copy of the bootable disk, prepared as the machines' image. Not kept here: it is the build's result. */
export async function filledDisk(inputs: BaseInputs, bootable: string, place: Workplace): Promise<string> {
  const disk = join(place.work, "disk.img");
  let at = "";
  const onLine = (line: string): void => {
    at = line;
  };
  await step(
    place.log,
    "base disk: Kubernetes' programs and images",
    async () => {
      await place.run({
        program: "cp",
        arguments: ["--sparse=always", "--reflink=auto", bootable, disk],
        timeoutSeconds: 600,
        remedy: "It is part of Debian's package coreutils.",
      });
      const values = [disk, join(inputs.project, "cloud-init", "image"), inputs.bundle, inputs.layout];
      await place.run(
        isolated(script(inputs, "fill-disk.sh"), values, { minutes: 30, network: false, onLine }),
      );
    },
    () => at,
  );
  return disk;
}

/** Removes results of stages that the given build did not use: they are large, and of use only to another layout's. */
export async function removeOtherStages(
  place: Pick<Workplace, "stages">,
  names: string[],
  layout: DiskLayout,
  kept: string[],
) {
  const ofAnother = diskLayouts.filter((other) => other !== layout);
  const others = names
    .filter((name) => !ofAnother.some((other) => name.startsWith(`${other}-`)))
    .map((name) => join(place.stages, name))
    .filter((path) => !kept.includes(path));
  await Promise.all(others.map((path) => rm(path, { force: true })));
}

function script(inputs: BaseInputs, name: string): string {
  return join(inputs.project, "supply", "base", name);
}

interface Isolation {
  minutes: number;
  network: boolean;
  onLine: (line: string) => void;
}

/**
 * A script in mount and process namespaces of its own, which die with this program: so no mount, loop device or process
 * outlives it, however it ends.
 */
function isolated(program: string, values: string[], { minutes, network, onLine }: Isolation): Command {
  const namespaces = ["--mount", "--pid", "--fork", "--kill-child", ...(network ? [] : ["--net"])];
  return {
    program: "setpriv",
    arguments: ["--pdeathsig", "KILL", "unshare", ...namespaces, "--", program, ...values],
    environment: { ...process.env, LC_ALL: "C.UTF-8", PATH: `${process.env.PATH ?? ""}:/usr/sbin:/sbin` },
    onErrorLine: onLine,
    timeoutSeconds: minutes * 60,
    remedy: "apt-get install util-linux",
  };
}
