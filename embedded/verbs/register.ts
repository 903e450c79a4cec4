import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { parseArguments } from "../arguments";
import { VirtualBoxError } from "../errors";
import { withPlaceLock } from "../locks";
import { loadMachines, saveMachine } from "../machine/registry";
import { diskUuids, type MachineSettings, readSettings } from "../machine/settings";
import type { Place } from "../place";
import { loadMedium, openMedium, readDescriptor } from "../storage/medium";
import { ensureStore } from "../storage/store";
import type { Verb } from "./verb";

const USAGE = "registervm <filename>";
const DETAILS = { code: "NS_ERROR_FAILURE", component: "MachineWrap", interface: "IMachine" } as const;

/** `registervm`: a machine by its settings file. Of its disks those are opened that are no part of another machine's. */
export const register: Verb = async ({ place, args }) => {
  const file = resolve(parseArguments(args, [], USAGE, { least: 1, most: 1 }).positionals[0] ?? "");
  const settings = read(file);
  await ensureStore(place);
  await withPlaceLock(place, "registry", () => {
    if (loadMachines(place).some(({ uuid }) => uuid === settings.machine.uuid))
      throw new VirtualBoxError(
        `Trying to open a VM config '${file}' which has the same UUID as an existing virtual machine`,
        DETAILS,
      );
    openOwnDisks(place, settings);
    saveMachine(place, { ...settings.machine, settingsFile: file, registeredAt: Date.now() });
  });
};

function read(file: string): MachineSettings {
  if (!existsSync(file))
    throw new VirtualBoxError(
      `Runtime error opening '${file}' for reading VERR_FILE_NOT_FOUND (File not found.).`,
      DETAILS,
    );
  try {
    return readSettings(file);
  } catch (error) {
    throw new VirtualBoxError(`${(error as Error).message}.\nLocation: '${file}'`, DETAILS);
  }
}

/** A machine's settings name the disks that begin with it. A linked clone's begins with its template, whose settings have it. */
function openOwnDisks(place: Place, { machine, disks }: MachineSettings): void {
  const isOwn = (uuid: string): boolean => {
    const location = disks[uuid];
    const descriptor = location === undefined ? undefined : readDescriptor(location);
    return descriptor !== undefined && (descriptor.parent === undefined || isOwn(descriptor.parent));
  };
  // Parents before children, which were made later.
  const wanted = diskUuids(machine).map((uuid) => ({ uuid, location: disks[uuid] ?? "" }));
  const age = ({ location }: { location: string }) => readDescriptor(location)?.registeredAt ?? 0;
  for (const { uuid, location } of wanted.sort((a, b) => age(a) - age(b))) {
    if (loadMedium(place, uuid)) continue;
    if (!isOwn(uuid))
      throw new VirtualBoxError(`Could not find an open hard disk with UUID {${uuid}}`, {
        code: "VBOX_E_OBJECT_NOT_FOUND",
        component: "VirtualBoxWrap",
        interface: "IVirtualBox",
      });
    openMedium(place, location, "disk");
  }
}
