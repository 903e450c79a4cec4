import { randomBytes } from "node:crypto";
import { existsSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Where one user's stand-in keeps all it has, and the names it uses elsewhere on the host. */
export interface Place {
  /** `KUBE_LAB_EMBEDDED_FOLDER`, else `/var/lib/kube-lab-embedded`; only root may enter. */
  folder: string;
  /** Eight hexadecimal digits that tell this folder's namespaces and cgroups from another's. */
  identity: string;
  /** Registered machines and media, a JSON file each. */
  registry: { machines: string; media: string };
  /** VirtualBox's "default machine folder": settings files and disks' descriptors, by group and name. */
  machineFolder: string;
  /** Sparse file with the btrfs file system that holds every disk. */
  storeImage: string;
  /** Where it is mounted; a disk is the subvolume named by its UUID. */
  store: string;
  /** A folder per started machine: state, control socket, seed, console. */
  run: string;
  /** A link per lock that is held; its target says by whom. */
  locks: string;
}

/** Where the stand-in keeps all it has; it need not be there yet. */
export function placeFolder(environment: NodeJS.ProcessEnv = process.env): string {
  return environment.KUBE_LAB_EMBEDDED_FOLDER || "/var/lib/kube-lab-embedded";
}

/** The place of this process's environment. Makes its folders when they are not there yet. */
export function openPlace(environment: NodeJS.ProcessEnv = process.env): Place {
  const folder = placeFolder(environment);
  const place = placeAt(folder);
  for (const path of [
    place.registry.machines,
    place.registry.media,
    place.machineFolder,
    place.run,
    place.locks,
  ])
    mkdirSync(path, { recursive: true, mode: 0o700 });
  return { ...place, identity: ensureIdentity(folder) };
}

/** The place at `folder`, nothing made; `undefined` identity becomes an empty string. */
export function placeAt(folder: string): Place {
  const file = join(folder, "identity");
  return {
    folder,
    identity: existsSync(file) ? readFileSync(file, "utf8").trim() : "",
    registry: { machines: join(folder, "registry", "machines"), media: join(folder, "registry", "media") },
    machineFolder: join(folder, "machines"),
    storeImage: join(folder, "store.img"),
    store: join(folder, "store"),
    run: join(folder, "run"),
    locks: join(folder, "locks"),
  };
}

/** A link makes it all or nothing: several first calls may come at once. */
function ensureIdentity(folder: string): string {
  const file = join(folder, "identity");
  if (!existsSync(file)) {
    const own = `${file}.${process.pid}`;
    writeFileSync(own, `${randomBytes(4).toString("hex")}\n`);
    try {
      linkSync(own, file);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    } finally {
      rmSync(own);
    }
  }
  return readFileSync(file, "utf8").trim();
}

/** Folder of one started machine. */
export function runFolder(place: Place, uuid: string): string {
  return join(place.run, uuid);
}

/** Network namespaces, cgroups and machine names on the host start with this. */
export function hostPrefix(place: Place): string {
  return `kubelab-${place.identity}`;
}
