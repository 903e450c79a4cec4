import { authorityCertificate, authorityKey, prefixOfNames, releaseLike } from "./kinds";
import {
  address,
  cidr,
  derivedKey,
  type Explain,
  group,
  inPlace,
  integer,
  key,
  machineAfterMachine,
  newLabOnly,
  onOrOff,
} from "./settings";

/** Keys that several groups of the schema have alike. */

/** What a machine has. */
interface Size {
  cpus: number;
  memoryMiB: number;
}

/** What a worker's own programs and a few pods take. */
export const smallestWorker: Size = { cpus: 1, memoryMiB: 768 };

/** The values that a machine's size may have. */
export function sizeRanges(minimum: Size) {
  return {
    cpus: integer({ min: minimum.cpus, max: 64 }),
    memoryMiB: integer({ min: minimum.memoryMiB, max: 1048576 }),
  };
}

export function size(fallback: Size, minimum: Size, whose: string, because?: string) {
  const explain = (least: number): { explain?: Explain } =>
    because === undefined
      ? {}
      : { explain: (value) => (Number(value) < least ? { reason: because, meant: least } : undefined) };
  const ranges = sizeRanges(minimum);
  const cpus = { ...ranges.cpus, ...explain(minimum.cpus) };
  const memory = { ...ranges.memoryMiB, ...explain(minimum.memoryMiB) };
  return {
    cpus: key(cpus, fallback.cpus, machineAfterMachine, `Virtual processors of each ${whose}`),
    memoryMiB: key(memory, fallback.memoryMiB, machineAfterMachine, `Memory of each ${whose}, MiB`),
  };
}

const addressed = newLabOnly("its machines learned their addresses when they were made");

export function network(third: number, dhcpEnds: string, what: string) {
  return {
    cidr: key(cidr(8, 28), `192.168.${third}.0/24`, addressed, `Subnet of ${what}`),
    gateway: derivedKey(address(), "last address", addressed, "The gateway's address in it"),
    firstAddress: derivedKey(
      address(),
      "tenth address",
      addressed,
      "The first machine's address; the others follow",
    ),
    dhcp: group({
      from: derivedKey(
        address(),
        "just past the middle",
        inPlace,
        "First address leased to guests the lab does not know",
      ),
      to: derivedKey(address(), dhcpEnds, inPlace, "Last address leased"),
    }),
  };
}

export const servicePool = group({
  from: derivedKey(address(), "200th of 256", inPlace, "First address for services of type LoadBalancer"),
  to: derivedKey(address(), "250th of 256", inPlace, "Last address for services of type LoadBalancer"),
});

export const beforeGateway = "the one before the gateway's";
const named = newLabOnly("cluster, etcd and volume know its machines by their names");

export const name = (fallback: string, what: string) =>
  key(prefixOfNames, fallback, named, `Names of ${what}, before the number`);

/** For the authorities. */
export const trusted = newLabOnly("its machines trust the authority that they were made with");

export function authority(whose: string) {
  return {
    certificate: derivedKey(
      authorityCertificate,
      "made here",
      trusted,
      `Authority of the user's own for ${whose}`,
    ),
    privateKey: derivedKey(authorityKey, "made here", trusted, "Its key; set it with `--secret`"),
  };
}

export function addon(enabled: boolean, release: string, what: string, whose: string) {
  return group({
    enabled: key(onOrOff(), enabled, inPlace, what),
    version: key(releaseLike(release), release, inPlace, `Release of ${whose}`),
  });
}
