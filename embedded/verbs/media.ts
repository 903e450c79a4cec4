import { randomUUID } from "node:crypto";
import { existsSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { hasOption, type OptionRule, optionValue, parseArguments } from "../arguments";
import { mediumNotFound, SyntaxFailure, VirtualBoxError } from "../errors";
import { withPlaceLock } from "../locks";
import { loadMachines } from "../machine/registry";
import type { Place } from "../place";
import { removeWhenEmpty } from "../removal";
import { createRawContent, deleteContent, resizeRawContent } from "../storage/content";
import { removeDisc } from "../storage/disc";
import {
  forgetMedium,
  loadMedia,
  type MediumRecord,
  newMedium,
  openMedium,
  saveMedium,
} from "../storage/medium";
import { importRawImage } from "../storage/raw-image";
import { copyContent } from "../storage/shared-usr";
import { ensureStore } from "../storage/store";
import { type Call, PROGRESS, type Verb } from "./verb";

const MEBIBYTE = 2 ** 20;

const CREATE_USAGE =
  "createmedium [disk] --filename=filename [--size=megabytes] [--format=VDI] [--variant=Standard]";

const CREATE_RULES: OptionRule[] = ["filename", "size", "sizebyte", "format", "variant"].map((name) => ({
  names: [name],
  values: 1 as const,
}));

/** `createmedium disk`: a thin data disk. */
export const createMedium: Verb = async ({ place, args, print, warn }) => {
  const parsed = parseArguments(args, CREATE_RULES, CREATE_USAGE, { least: 0, most: 1 });
  requireDisk(parsed.positionals[0] ?? "disk", CREATE_USAGE);
  const filename = optionValue(parsed, "filename");
  const bytes = Number(optionValue(parsed, "sizebyte") ?? Number(optionValue(parsed, "size")) * MEBIBYTE);
  if (!filename) throw new SyntaxFailure("Parameter --filename is required", CREATE_USAGE);
  if (!Number.isSafeInteger(bytes) || bytes <= 0)
    throw new SyntaxFailure("Parameter --size is required", CREATE_USAGE);
  const location = resolve(filename);
  refuseExisting(place, location, "Failed to create medium");
  await ensureStore(place);
  const uuid = randomUUID();
  await createRawContent(place, uuid, bytes);
  await register(
    place,
    { ...newMedium({ kind: "disk", location, capacityBytes: bytes }), uuid },
    "Failed to create medium",
  );
  warn(PROGRESS);
  print(`Medium created. UUID: ${uuid}`);
};

function requireDisk(kind: string, usage: string): void {
  if (kind !== "disk")
    throw new SyntaxFailure(`Invalid medium kind '${kind}': the stand-in has disks only`, usage);
}

/** A medium that is known counts, though its file be gone. */
function refuseExisting(place: Place, location: string, heading: string): void {
  if (!existsSync(location) && !loadMedia(place).some((medium) => medium.location === location)) return;
  throw new VirtualBoxError(
    `Could not create the medium storage unit '${location}'.\nVDI: cannot create image '${location}' (VERR_ALREADY_EXISTS)`,
    { code: "VBOX_E_FILE_ERROR", component: "MediumWrap", interface: "IMedium" },
    heading,
  );
}

/** Checks again and registers; the content of one that came too late goes again. */
async function register(place: Place, medium: MediumRecord, heading: string): Promise<void> {
  try {
    await withPlaceLock(place, "registry", () => {
      refuseExisting(place, medium.location, heading);
      saveMedium(place, medium);
    });
  } catch (error) {
    await deleteContent(place, medium.uuid);
    throw error;
  }
}

const CONVERT_USAGE =
  "convertfromraw <inputfile> <outputfile> [--format=VDI] [--uuid=uuid] [--variant=Standard]";
const CONVERT_RULES: OptionRule[] = ["format", "uuid", "variant"].map((name) => ({
  names: [name],
  values: 1 as const,
}));

/** `convertfromraw`: copies the root file system out of a raw image. The medium is registered at once, not at its attachment. */
export const convertFromRaw: Verb = async ({ place, args, warn }) => {
  const parsed = parseArguments(args, CONVERT_RULES, CONVERT_USAGE, { least: 2, most: 2 });
  const [input = "", output = ""] = parsed.positionals;
  const uuid = optionValue(parsed, "uuid") ?? randomUUID();
  const image = resolve(input);
  if (!existsSync(image)) throw new VirtualBoxError(`Cannot open file "${input}": File not found.`);
  const bytes = statSync(image).size;
  warn(`Converting from raw image file="${input}" to file="${output}"...`);
  warn(`Creating dynamic image with size ${bytes} bytes (${Math.ceil(bytes / MEBIBYTE)}MB)...`);
  const location = resolve(output);
  refuseConversion(location);
  await ensureStore(place);
  await importRawImage(place, image, uuid);
  await register(
    place,
    { ...newMedium({ kind: "disk", location, capacityBytes: bytes }), uuid },
    "Cannot create the disk image",
  );
};

function refuseConversion(location: string): void {
  if (!existsSync(location)) return;
  throw new VirtualBoxError(
    `VDI: cannot create image '${location}'\nError code VERR_ALREADY_EXISTS\nCannot create the disk image "${location}": VERR_ALREADY_EXISTS`,
  );
}

const CLONE_USAGE =
  "clonemedium [disk] <uuid | source-medium> <uuid | target-medium> [--format=VDI] [--variant=Standard]";

/** `clonemedium disk`: whole in the real one, mostly copy-on-write here. */
export const cloneMedium: Verb = async ({ place, args, print, warn }) => {
  const parsed = parseArguments(args, CONVERT_RULES, CLONE_USAGE, { least: 2, most: 3 });
  const names = parsed.positionals.length === 3 ? parsed.positionals.slice(1) : parsed.positionals;
  if (parsed.positionals.length === 3) requireDisk(parsed.positionals[0] ?? "", CLONE_USAGE);
  const source = openMedium(place, names[0] ?? "", "disk");
  const location = resolve(names[1] ?? "");
  refuseExisting(place, location, "Failed to clone medium");
  await ensureStore(place);
  const copy = newMedium({ kind: "disk", location, capacityBytes: source.capacityBytes });
  await copyContent(place, source.uuid, copy.uuid);
  await register(place, copy, "Failed to clone medium");
  warn(PROGRESS);
  print(`Clone medium created in format 'VDI'. UUID: ${copy.uuid}`);
};

const MODIFY_USAGE = "modifymedium [disk] <uuid | filename> [--resize=megabytes] [--resizebyte=bytes]";
const MODIFY_RULES: OptionRule[] = ["resize", "resizebyte"].map((name) => ({
  names: [name],
  values: 1 as const,
}));

/** `modifymedium disk --resize` */
export const modifyMedium: Verb = async ({ place, args, warn }) => {
  const parsed = parseArguments(args, MODIFY_RULES, MODIFY_USAGE, { least: 1, most: 2 });
  if (parsed.positionals.length === 2) requireDisk(parsed.positionals[0] ?? "", MODIFY_USAGE);
  const bytes = Number(optionValue(parsed, "resizebyte") ?? Number(optionValue(parsed, "resize")) * MEBIBYTE);
  if (!Number.isSafeInteger(bytes)) throw new SyntaxFailure("Parameter --resize is required", MODIFY_USAGE);
  await ensureStore(place);
  await withPlaceLock(place, "registry", () => {
    const medium = openMedium(place, parsed.positionals.at(-1) ?? "", "disk");
    if (bytes < medium.capacityBytes)
      throw new VirtualBoxError(
        `Shrinking is not yet supported for medium '${medium.location}'`,
        { code: "VBOX_E_NOT_SUPPORTED", component: "MediumWrap", interface: "IMedium" },
        "Failed to resize medium",
      );
    refuseLikelyMistake(optionValue(parsed, "resize"), medium.capacityBytes);
    resizeRawContent(place, medium.uuid, bytes);
    saveMedium(place, { ...medium, capacityBytes: bytes });
  });
  warn(PROGRESS);
};

/** More than a thousandfold, given in megabytes, was meant in bytes. */
function refuseLikelyMistake(mebibytes: string | undefined, capacityBytes: number): void {
  const current = capacityBytes / MEBIBYTE;
  if (mebibytes === undefined || Number(mebibytes) <= current * 1000) return;
  const sizes = `from ${current.toFixed(1)} MB to ${Number(mebibytes).toFixed(1)} MB`;
  throw new VirtualBoxError(
    `Error: Attempt to resize the medium ${sizes}. Use --resizebyte if this is intended!`,
  );
}

const CLOSE_USAGE = "closemedium [disk | dvd] <uuid | filename> [--delete]";

/** `closemedium` */
export const closeMedium: Verb = async (call: Call) => {
  const rules: OptionRule[] = [{ names: ["delete"], values: 0 }];
  const parsed = parseArguments(call.args, rules, CLOSE_USAGE, { least: 1, most: 2 });
  const named = parsed.positionals.length === 2 ? parsed.positionals[0] : "disk";
  if (named !== "disk" && named !== "dvd")
    throw new SyntaxFailure(`Invalid medium kind '${named}'`, CLOSE_USAGE);
  const name = parsed.positionals.at(-1) ?? "";
  const isDeleting = hasOption(parsed, "delete");
  const medium = await withPlaceLock(call.place, "registry", () => {
    const found = findOpenOrOnDisk(call, name, named);
    refuseInUse(call.place, found);
    forgetMedium(call.place, found, isDeleting);
    return found;
  });
  if (medium.kind === "dvd") await removeDisc(call.place, medium.uuid);
  if (isDeleting && medium.kind === "disk") {
    await deleteContent(call.place, medium.uuid);
    await removeWhenEmpty(call.place);
  }
  if (isDeleting) call.warn(PROGRESS);
};

/** An ISO that was deleted can still be closed. */
function findOpenOrOnDisk({ place }: Call, name: string, kind: "disk" | "dvd"): MediumRecord {
  const location = resolve(name);
  const known = loadMedia(place).find((medium) => medium.kind === kind && medium.location === location);
  if (known) return known;
  const opened = openMedium(place, name, kind);
  if (!opened) throw mediumNotFound(name);
  return opened;
}

function refuseInUse(place: Place, medium: MediumRecord): void {
  const children = loadMedia(place).filter((other) => other.parent === medium.uuid).length;
  const users = loadMachines(place).filter((machine) =>
    [machine, ...machine.snapshots].some(({ attachments }) =>
      attachments.some((one) => one.medium === medium.uuid),
    ),
  ).length;
  const inUse = {
    code: "VBOX_E_OBJECT_IN_USE",
    component: "MediumWrap",
    interface: "IMedium",
    context: "Close()",
  } as const;
  if (users > 0)
    throw new VirtualBoxError(
      `Medium '${medium.location}' cannot be closed because it is still attached to ${users} virtual machines`,
      inUse,
    );
  if (children > 0)
    throw new VirtualBoxError(
      `Cannot close medium '${medium.location}' because it has ${children} child media`,
      inUse,
    );
}
