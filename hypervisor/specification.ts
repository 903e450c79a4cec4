import { SpecificationError } from "./driver/errors";
import type { Hypervisor } from "./driver/locate";
import {
  type AdapterSpecification,
  type ForwardSpecification,
  parseAdapter,
  parseForward,
} from "./machine/adapters";
import type { WantedHostOnly } from "./network/host-only";

/** What every verb needs to know: which hypervisor, and which lab's things are touched. */
export interface LabSpecification {
  hypervisor: Hypervisor;
  /** Group of all machines of the lab in the hypervisor, and its folder's name: `/kube-lab/dev`. */
  group: string;
}

export interface MachineReference extends LabSpecification {
  /** The hypervisor's name: `kube-lab-dev-kube-mast01`. */
  machine: string;
}

/** `kube-lab-dev` for the group `/kube-lab/dev`. */
export function labelOf(group: string): string {
  return group.split("/").filter(Boolean).join("-");
}

/** `kube-lab-dev-kube-mast01` in the group `/kube-lab/dev` is kube-mast01 to a person. */
export function shortName({ machine, group }: Pick<MachineReference, "machine" | "group">): string {
  const prefix = `${labelOf(group)}-`;
  return machine.startsWith(prefix) ? machine.slice(prefix.length) : machine;
}

export interface MachineSpecification extends MachineReference {
  /** Name of the template machine. */
  image: string;
  cpus: number;
  memoryMiB: number;
  dataDiskGiB?: number;
  /** adapters[0] is adapter 1. */
  adapters: AdapterSpecification[];
  forwards: ForwardSpecification[];
  incarnation: string;
  /** Fingerprint of the SSH host key in its seed. */
  hostKey: string;
  /** What a master or worker runs, by plan/releases.ts. */
  releases?: string;
  /** What its root disk is born as, by plan/birth.ts. */
  birth?: string;
  /** When a person asked for it to be made anew. */
  renewal?: string;
}

/** A data disk by the machine that it is for. */
export interface DataDiskSpecification extends MachineReference {
  dataDiskGiB: number;
}

export interface ImageSpecification {
  hypervisor: Hypervisor;
  /** Name of the template machine: `kube-lab-image-0a1b2c3d4e5f`. */
  image: string;
  /** The disk it is made from; raw, qcow2, vmdk or vdi. Never changed, never attached. */
  baseDisk: string;
  rootDiskGiB: number;
  /** Folder with the bundle when the disk is a plain cloud image that must boot once to be prepared. */
  bundle?: string;
  /** Token of the Pulumi program, kept in the template. */
  incarnation?: string;
}

export interface NetworkSpecification extends LabSpecification {
  incarnation: string;
  /** What the lab is made with, see plan/config/changes.ts. */
  madeWith: Record<string, string>;
  /** Host-only network with the host's own address in it; absent where the lab has none. */
  hostOnly?: WantedHostOnly;
  /** The machines that the lab is to have. */
  members?: string[];
}

const NAME_SOURCE = "[A-Za-z0-9][A-Za-z0-9._-]{0,62}";
const NAME = new RegExp(`^${NAME_SOURCE}$`);
const NAME_AND_TOKEN = new RegExp(`^${NAME_SOURCE} \\S`);
const GROUP = new RegExp(`^(?:/${NAME_SOURCE}){1,3}$`);
const ADDRESS = /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!$)|$)){4}$/;
const MAC_ADAPTERS = 8;

/** Reads values out of the environment and collects what is wrong with them. */
class Reader {
  private readonly problems: string[] = [];

  constructor(private readonly environment: NodeJS.ProcessEnv) {}

  names(): string[] {
    return Object.keys(this.environment).filter((name) => this.environment[name] !== undefined);
  }

  optional(name: string): string | undefined {
    return this.environment[name] || undefined;
  }

  text(name: string, pattern: RegExp, allowed: string): string {
    const value = this.optional(name);
    if (value === undefined) this.problem(name, "is missing", allowed);
    else if (!pattern.test(value)) this.problem(name, `is ${JSON.stringify(value)}`, allowed);
    return value ?? "";
  }

  integer(name: string, least: number, most: number): number {
    const value = this.optional(name);
    const number = Number(value);
    const fits = value !== undefined && /^\d+$/.test(value) && number >= least && number <= most;
    if (!fits)
      this.problem(
        name,
        value === undefined ? "is missing" : `is ${JSON.stringify(value)}`,
        `a whole number from ${least} to ${most}`,
      );
    return number;
  }

  problem(name: string, what: string, allowed: string): void {
    this.problems.push(`${name} ${what}; allowed is ${allowed}`);
  }

  /** Gives the value if all went well, else throws all problems. */
  finish<T>(value: T): T {
    if (this.problems.length > 0) throw new SpecificationError(this.problems);
    return value;
  }
}

function lab(reader: Reader): LabSpecification {
  return {
    hypervisor: hypervisor(reader),
    group: reader.text("GROUP", GROUP, "a group such as /kube-lab/dev"),
  };
}

function hypervisor(reader: Reader): Hypervisor {
  return reader.text("HYPERVISOR", /^(?:virtualbox|embedded)$/, "virtualbox or embedded") as Hypervisor;
}

function incarnation(reader: Reader): string {
  return reader.text("INCARNATION", /\S/, "a token that names this incarnation of the machine or lab");
}

/** By the names that the plan gives its keys. */
function madeWith(reader: Reader): Record<string, string> {
  const prefix = "MADE_WITH_";
  return Object.fromEntries(
    reader
      .names()
      .filter((name) => name.startsWith(prefix))
      .sort()
      .map((name) => [name.slice(prefix.length), reader.optional(name) ?? ""]),
  );
}

function reference(reader: Reader): MachineReference {
  return { ...lab(reader), machine: reader.text("MACHINE", NAME, "a name such as kube-lab-dev-kube-mast01") };
}

/** For `machine absent`, `disk absent`, `seed ensure|absent`: which machine of which lab. @throws SpecificationError with every problem. */
export function readMachineReference(environment: NodeJS.ProcessEnv): MachineReference {
  const reader = new Reader(environment);
  return reader.finish(reference(reader));
}

/** For `seed seal`: which machines of which lab. @throws SpecificationError with every problem. */
export function readSeedReferences(environment: NodeJS.ProcessEnv): MachineReference[] {
  const reader = new Reader(environment);
  const all = lab(reader);
  const names = reader.names().filter((name) => name.startsWith("SEED_"));
  if (names.length === 0) reader.problem("SEED_*", "is missing", "at least one machine");
  return reader.finish(
    names.map((name) => {
      const text = reader.text(name, NAME_AND_TOKEN, "a machine's name and its incarnation");
      return { ...all, machine: text.split(" ")[0] ?? "" };
    }),
  );
}

/** For `machine ensure`. @throws SpecificationError with every problem. */
export function readMachineSpecification(environment: NodeJS.ProcessEnv): MachineSpecification {
  const reader = new Reader(environment);
  const dataDiskGiB = reader.optional("DATA_DISK_GIB")
    ? reader.integer("DATA_DISK_GIB", 1, 65_536)
    : undefined;
  const releases = releasesIn(reader);
  const specification: MachineSpecification = {
    ...reference(reader),
    image: reader.text("IMAGE", NAME, "the template machine's name"),
    cpus: reader.integer("CPUS", 1, 64),
    memoryMiB: reader.integer("MEMORY_MIB", 128, 2_097_152),
    ...(dataDiskGiB === undefined ? {} : { dataDiskGiB }),
    adapters: adapters(reader),
    forwards: forwards(reader),
    incarnation: incarnation(reader),
    hostKey: reader.text("HOST_KEY", /^SHA256:\S+$/, "the SHA256 fingerprint of its SSH host key"),
    ...(releases === undefined ? {} : { releases }),
    ...optionalTexts(reader, { birth: "BIRTH", renewal: "RENEWAL" }),
  };
  if (specification.forwards.length > 0 && !specification.adapters.some((adapter) => adapter.kind === "nat"))
    reader.problem(
      "FORWARD_*",
      "stands without an adapter of kind nat",
      "a forward only beside a `nat` adapter",
    );
  return reader.finish(specification);
}

/** For `releases ensure`. @throws SpecificationError with every problem. */
export function readReleasesSpecification(
  environment: NodeJS.ProcessEnv,
): LabSpecification & { releases: string } {
  const reader = new Reader(environment);
  const releases = releasesIn(reader);
  if (releases === undefined) reader.problem("KUBERNETES", "is missing", "a release such as 1.36.3");
  return reader.finish({ ...lab(reader), releases: releases ?? "" });
}

function optionalTexts<Name extends string>(
  reader: Reader,
  variables: Record<Name, string>,
): Partial<Record<Name, string>> {
  const found = Object.entries<string>(variables).flatMap(([name, variable]) => {
    const value = reader.optional(variable);
    return value === undefined ? [] : [[name, value]];
  });
  return Object.fromEntries(found) as Partial<Record<Name, string>>;
}

function releasesIn(reader: Reader): string | undefined {
  const [kubernetes, addons] = [reader.optional("KUBERNETES"), reader.optional("ADDONS")];
  if (kubernetes === undefined) return undefined;
  return [`Kubernetes ${kubernetes}`, ...(addons === undefined ? [] : [addons])].join(", ");
}

/** For `disk ensure`. @throws SpecificationError with every problem. */
export function readDataDiskSpecification(environment: NodeJS.ProcessEnv): DataDiskSpecification {
  const reader = new Reader(environment);
  return reader.finish({ ...reference(reader), dataDiskGiB: reader.integer("DATA_DISK_GIB", 1, 65_536) });
}

function adapters(reader: Reader): AdapterSpecification[] {
  const numbers = reader
    .names()
    .map((name) => /^ADAPTER_(.*)$/.exec(name)?.[1])
    .filter((number): number is string => number !== undefined)
    .sort((a, b) => Number(a) - Number(b));
  if (numbers.length === 0) reader.problem("ADAPTER_1", "is missing", "at least one adapter");
  return numbers.flatMap((number, index) => {
    const name = `ADAPTER_${number}`;
    if (number !== String(index + 1) || index >= MAC_ADAPTERS)
      reader.problem(name, `is number ${index + 1}`, `ADAPTER_1 to ADAPTER_${MAC_ADAPTERS} without gaps`);
    const text = reader.optional(name) ?? "";
    const adapter = parseAdapter(text);
    if (!adapter)
      reader.problem(
        name,
        `is ${JSON.stringify(text)}`,
        "`nat MAC`, `internal NETWORK MAC`, `hostonly INTERFACE MAC` or `bridged INTERFACE MAC`",
      );
    return adapter ? [adapter] : [];
  });
}

function forwards(reader: Reader): ForwardSpecification[] {
  return reader
    .names()
    .filter((name) => name.startsWith("FORWARD_"))
    .sort()
    .flatMap((name) => {
      const text = reader.optional(name) ?? "";
      const forward = parseForward(name.slice("FORWARD_".length).toLowerCase(), text);
      if (!forward) reader.problem(name, `is ${JSON.stringify(text)}`, "ADDRESS:PORT -> ADDRESS:PORT");
      return forward ? [forward] : [];
    });
}

/** For `image ensure`. @throws SpecificationError with every problem. */
export function readImageSpecification(environment: NodeJS.ProcessEnv): ImageSpecification {
  const reader = new Reader(environment);
  const bundle = reader.optional("BUNDLE");
  const incarnation = reader.optional("INCARNATION");
  return reader.finish({
    hypervisor: hypervisor(reader),
    image: reader.text("IMAGE", NAME, "the template machine's name"),
    baseDisk: reader.text("BASE_DISK", /\S/, "the path of a disk image"),
    rootDiskGiB: reader.integer("ROOT_DISK_GIB", 1, 65_536),
    ...(bundle === undefined ? {} : { bundle }),
    ...(incarnation === undefined ? {} : { incarnation }),
  });
}

/** For `image absent`. @throws SpecificationError with every problem. */
export function readImageName(
  environment: NodeJS.ProcessEnv,
): Pick<ImageSpecification, "hypervisor" | "image"> {
  const reader = new Reader(environment);
  return reader.finish({
    hypervisor: hypervisor(reader),
    image: reader.text("IMAGE", NAME, "the template machine's name"),
  });
}

/** For `network absent`. @throws SpecificationError with every problem. */
export function readLabSpecification(environment: NodeJS.ProcessEnv): LabSpecification {
  const reader = new Reader(environment);
  return reader.finish(lab(reader));
}

/** For `network ensure`. @throws SpecificationError with every problem. */
export function readNetworkSpecification(environment: NodeJS.ProcessEnv): NetworkSpecification {
  const reader = new Reader(environment);
  const name = reader.optional("HOST_INTERFACE");
  const members = reader.optional("MEMBERS")?.split(" ");
  const hasHostOnly = name !== undefined || reader.optional("HOST_ADDRESS") !== undefined;
  return reader.finish({
    ...lab(reader),
    ...(members === undefined ? {} : { members }),
    incarnation: incarnation(reader),
    madeWith: madeWith(reader),
    ...(hasHostOnly && {
      hostOnly: {
        ...(name !== undefined && { name }),
        address: reader.text("HOST_ADDRESS", ADDRESS, "an IPv4 address"),
        prefixLength: reader.integer("HOST_PREFIX_LENGTH", 8, 30),
      },
    }),
  });
}
