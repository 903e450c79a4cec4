import {
  type AdapterSpecification,
  type ForwardSpecification,
  parseAdapter,
  parseForward,
} from "../machine/adapters";
import { incarnationIn, type LabSpecification, labIn, type MachineReference, referenceIn } from "./lab";
import { NAME, Reader } from "./reader";

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
  /** When a person asked for it to be recreated. */
  renewal?: string;
  /** It stays off until a person starts it. */
  autoStart?: false;
}

/** A data disk by the machine that it is for. */
export interface DataDiskSpecification extends MachineReference {
  dataDiskGiB: number;
}

const MAC_ADAPTERS = 8;

/** For `machine ensure`. @throws SpecificationError with every problem. */
export function readMachineSpecification(environment: NodeJS.ProcessEnv): MachineSpecification {
  const reader = new Reader(environment);
  const dataDiskGiB = reader.optional("DATA_DISK_GIB")
    ? reader.integer("DATA_DISK_GIB", 1, 65_536)
    : undefined;
  const releases = releasesIn(reader);
  const specification: MachineSpecification = {
    ...referenceIn(reader),
    image: reader.text("IMAGE", NAME, "the template machine's name"),
    cpus: reader.integer("CPUS", 1, 64),
    memoryMiB: reader.integer("MEMORY_MIB", 128, 2_097_152),
    ...(dataDiskGiB === undefined ? {} : { dataDiskGiB }),
    adapters: adapters(reader),
    forwards: forwards(reader),
    incarnation: incarnationIn(reader),
    hostKey: reader.text("HOST_KEY", /^SHA256:\S+$/, "the SHA256 fingerprint of its SSH host key"),
    ...(releases === undefined ? {} : { releases }),
    ...optionalTexts(reader, { birth: "BIRTH", renewal: "RENEWAL" }),
    ...(reader.optional("AUTO_START") === "false" ? { autoStart: false as const } : {}),
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
  return reader.finish({ ...labIn(reader), releases: releases ?? "" });
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
  return reader.finish({ ...referenceIn(reader), dataDiskGiB: reader.integer("DATA_DISK_GIB", 1, 65_536) });
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
