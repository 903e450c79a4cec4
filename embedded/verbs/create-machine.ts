import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { hasOption, type OptionRule, optionValue, parseArguments } from "../arguments";
import { invalidArgument, SyntaxFailure, VirtualBoxError } from "../errors";
import { withPlaceLock } from "../locks";
import { ADAPTER_COUNT, emptyAdapter, type StoredMachine } from "../machine/record";
import { loadMachines, saveMachine } from "../machine/registry";
import type { Place } from "../place";
import type { Verb } from "./verb";

const USAGE =
  "createvm --name=name [--platform-architecture=x86] [--basefolder=basefolder] [--default] [--groups=group[,group...]] [--ostype=ostype] [--register] [--uuid=uuid]";

const RULES: OptionRule[] = [
  { names: ["name"], values: 1 },
  { names: ["platform-architecture"], values: 1 },
  { names: ["basefolder"], values: 1 },
  { names: ["default"], values: 0 },
  { names: ["groups"], values: 1 },
  { names: ["ostype"], values: 1 },
  { names: ["register"], values: 0 },
  { names: ["uuid"], values: 1 },
];

/** Guest types the stand-in can be, with what showvminfo calls them. */
const OS_TYPES: Record<string, string> = {
  Debian_64: "Debian (64-bit)",
  Debian: "Debian (32-bit)",
  Debian13_64: "Debian 13 Trixie (64-bit)",
  Linux_64: "Other Linux (64-bit)",
  Linux26_64: "Linux 2.6 / 3.x / 4.x / 5.x (64-bit)",
};

/** `createvm`: only with --register; an unregistered machine would be a file nobody knows. */
export const createMachine: Verb = async ({ place, args, print }) => {
  const parsed = parseArguments(args, RULES, USAGE, { least: 0, most: 0 });
  const name = optionValue(parsed, "name");
  if (!name) throw new SyntaxFailure("Parameter --name is required", USAGE);
  const osType = OS_TYPES[optionValue(parsed, "ostype") ?? "Linux_64"];
  if (!osType) throw new VirtualBoxError("Unknown or invalid guest OS type given.");
  if (!hasOption(parsed, "register"))
    throw new VirtualBoxError("The stand-in creates registered machines only: add --register");
  const uuid = optionValue(parsed, "uuid") ?? randomUUID();
  const groups = parseGroups(optionValue(parsed, "groups") ?? "/");
  const settingsFile = settingsFileOf(place, name, groups, optionValue(parsed, "basefolder"));
  await withPlaceLock(place, "registry", () => {
    refuseExisting(place, settingsFile, uuid);
    saveMachine(place, newMachine(uuid, name, groups, osType, settingsFile));
  });
  print(`Virtual machine '${name}' is created and registered.`);
  print(`UUID: ${uuid}`);
  print(`Settings file: '${settingsFile}'`);
};

export function parseGroups(text: string): string[] {
  const groups = text.split(",");
  for (const group of groups)
    if (!/^\/([^/]+(\/[^/]+)*)?$/.test(group))
      throw invalidArgument(`Invalid machine group '${group}'`, "VirtualBoxWrap");
  return groups;
}

/** `<base folder><first group>/<name>/<name>.vbox` */
export function settingsFileOf(place: Place, name: string, groups: string[], baseFolder?: string): string {
  const base = baseFolder === undefined ? place.machineFolder : resolve(baseFolder);
  const folder = name.replaceAll("/", "_");
  return join(base, groups[0] ?? "/", folder, `${folder}.vbox`);
}

/** @throws VirtualBoxError when a machine or a settings file is there already. Call under the lock "registry". */
export function refuseExisting(place: Place, settingsFile: string, uuid: string): void {
  const details = { component: "MachineWrap", interface: "IMachine" } as const;
  if (loadMachines(place).some((machine) => machine.uuid === uuid))
    throw new VirtualBoxError(`A machine with the UUID {${uuid}} already exists`, {
      code: "NS_ERROR_INVALID_ARG",
      ...details,
    });
  if (existsSync(settingsFile))
    throw new VirtualBoxError(`Machine settings file '${settingsFile}' already exists`, {
      code: "VBOX_E_FILE_ERROR",
      ...details,
      context: "CreateMachine(bstrSettingsFile.raw(), bstrName.raw(), platformArch)",
    });
}

function newMachine(
  uuid: string,
  name: string,
  groups: string[],
  osType: string,
  settingsFile: string,
): StoredMachine {
  const now = new Date();
  const [first = emptyAdapter(), ...others] = Array.from({ length: ADAPTER_COUNT }, emptyAdapter);
  return {
    // What VirtualBox recommends for Debian, and the adapter that it gives to every machine.
    ...{ uuid, name, groups, osType, description: "", settingsFile, cpus: 1, memoryMiB: 1024 },
    adapters: [{ ...first, kind: "nat" }, ...others],
    ...{ controllers: [], attachments: [], snapshots: [], extraData: {}, guestProperties: {}, settings: {} },
    changedAt: now.toISOString(),
    registeredAt: now.getTime(),
  };
}
