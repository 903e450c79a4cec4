import { join } from "node:path";
import { bringImages, surveyImages } from "../hypervisor/containers/bring-images";
import {
  loadedArchive,
  withArchive,
  withoutNames,
  writeLoaded,
} from "../hypervisor/containers/loaded-images";
import type { OwnArchive } from "../hypervisor/containers/own-archives";
import { type OwnImages, ownImages, requireLoaded } from "../hypervisor/containers/wanted-images";
import { withGuests } from "../hypervisor/guest/guest-shell";
import { begunMachines } from "../lab/begun-machines";
import { existingLab } from "../lab/existing-lab";
import type { LabOutputs } from "../lab/outputs";
import { Stack } from "../lab/stack/stack";
import { type CommandLine, type Options, runCommand } from "../lib/command-line";
import { type Host, thisHost } from "../lib/host";
import { localFolder } from "../lib/local-folder";
import { logFor } from "../lib/progress";
import { withTemporaryFolder } from "../lib/temporary-folder";
import { loadRequest } from "./load/arguments";
import { accessTo, goalsOf } from "./load/machines";
import { imageTable, refuseToRemove, usableText } from "./load/report";
import { findSources, keepArchive } from "./load/sources";
import { setUpEngine } from "./set-up/set-up";

const options = {
  all: { type: "boolean", does: "onto masters, too, not only where pods run" },
  list: { type: "boolean", does: "shows the images, and which machines have them" },
  remove: { type: "string", multiple: true, value: "NAME", does: "takes an image away again; repeatable" },
} as const satisfies Options;

const usage = {
  name: "load",
  does: "brings container images of your own onto the machines, without a registry; later machines get them, too",
  options,
  words: "IMAGE…",
  notes:
    "IMAGE is an archive as docker save writes it, a folder or archive of OCI's layout, or a name of the local docker or podman.",
};

/** A lab that is up, of its machines those that were ever started, and what they are to have. */
interface Place {
  stack: string;
  outputs: LabOutputs;
  host: Host;
  images: OwnImages;
}

async function main({ stack, values, words }: CommandLine<typeof options>): Promise<void> {
  const request = loadRequest(values, words);
  const ready = await setUpEngine(stack);
  const lab = await existingLab(new Stack(stack, ready), ready.plan);
  const outputs = { ...lab.outputs, machines: await begunMachines(lab.vbox, lab.outputs.machines) };
  const images = await ownImages(ready.project, stack, ready.plan.imageArchives);
  const place = { stack, outputs, host: thisHost(), images };
  switch (request.kind) {
    case "list":
      return list(place);
    case "remove":
      return remove(place, request.names);
    case "load":
      return withTemporaryFolder(join(ready.project, localFolder, "tmp"), "load-", (folder) =>
        load(place, request, folder),
      );
  }
}

async function load(
  place: Place,
  { words, on }: { words: readonly string[]; on: OwnArchive["on"] },
  folder: string,
): Promise<void> {
  const { stack, host, images } = place;
  const sources = await findSources(words, folder, host);
  const added = sources.map(({ archive }) => ({
    ...archive,
    file: loadedArchive(stack, archive.sha256),
    on,
  }));
  const loaded = added.reduce((before, one) => withArchive(before, one, images.configured), images.loaded);
  requireLoaded(
    host.project,
    loaded.filter(({ sha256 }) => added.every((one) => one.sha256 !== sha256)),
  );
  await bring(place, loaded, async () => {
    for (const source of sources) await keepArchive(host.project, stack, source);
    await writeLoaded(host.project, stack, loaded);
  });
  console.log(`\n${usableText(added)}`);
}

async function remove(place: Place, names: readonly string[]): Promise<void> {
  const { stack, host, images } = place;
  refuseToRemove(names, images);
  const loaded = withoutNames(images.loaded, names);
  requireLoaded(host.project, loaded);
  await bring(place, loaded, () => writeLoaded(host.project, stack, loaded));
  console.log(`removed ${names.join(", ")}; containers that run go on`);
}

/** What is there is remembered as soon as all machines can take it in: whatever comes between, the next `up` goes on with it. */
async function bring(
  { outputs, host, images: { configured } }: Place,
  loaded: readonly OwnArchive[],
  remember: () => Promise<void>,
): Promise<void> {
  const goals = goalsOf(outputs, [...configured, ...loaded]);
  const access = accessTo(
    outputs,
    goals.map(({ guest }) => guest),
  );
  await withGuests(access, host, logFor("load"), (ask) =>
    bringImages(goals, { ask, host, logFor }, remember),
  );
}

async function list({ outputs, host, images }: Place): Promise<void> {
  const goals = goalsOf(outputs, [...images.configured, ...images.loaded]);
  const access = accessTo(
    outputs,
    goals.map(({ guest }) => guest),
  );
  // One that is off now is shown without its answer.
  const patience = { boundSeconds: 0, pauseSeconds: 1 };
  const quiet = () => undefined;
  const { surveys, failures } = await withGuests(access, host, quiet, (ask) =>
    surveyImages(goals, { ask, host, patience }),
  );
  console.log(imageTable(images, surveys));
  for (const { name, reason } of failures) console.error(`${name}: ${reason}`);
}

void runCommand(usage, main);
