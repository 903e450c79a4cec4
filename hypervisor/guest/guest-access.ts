import { SpecificationError } from "../driver/errors";

/** A machine as SSH reaches it. */
export interface Guest {
  /** `kube-mast01` */
  name: string;
  address: string;
  /** Its public host key, one line of OpenSSH's format: no machine is trusted unseen. */
  hostKey: string;
}

/** How the host gets into a machine and, where it can't, into those that can speak for it. Secret as a whole. */
export interface GuestAccess {
  user: string;
  /** OpenSSH. */
  privateKey: string;
  /** The jump host, by its forwarded port on this computer. */
  gateway: Guest & { port: number };
  machine: Guest;
  /** Machines that can take this one out of the lab when it is lost; empty where nothing of it stays anywhere. */
  peers: Guest[];
}

/** What standard input is asked for: no message ever quotes it. */
const allowed = "one object {user, privateKey, gateway, machine, peers}";

/**
 * Reads the access from standard input.
 * @returns undefined where nothing is given: then no machine is asked
 * @throws SpecificationError for anything else than the access.
 */
export function parseGuestAccess(text: string): GuestAccess | undefined {
  if (text.trim() === "") return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new SpecificationError([`standard input is not JSON; allowed is ${allowed}`]);
  }
  if (!isAccess(value)) throw new SpecificationError([`standard input is not what is needed: ${allowed}`]);
  return value;
}

function isAccess(value: unknown): value is GuestAccess {
  if (!isObject(value)) return false;
  const { user, privateKey, gateway, machine, peers } = value;
  return (
    typeof user === "string" &&
    typeof privateKey === "string" &&
    isGuest(gateway) &&
    "port" in gateway &&
    typeof gateway.port === "number" &&
    isGuest(machine) &&
    Array.isArray(peers) &&
    peers.every(isGuest)
  );
}

function isGuest(value: unknown): value is Guest {
  if (!isObject(value)) return false;
  return [value.name, value.address, value.hostKey].every((text) => typeof text === "string" && text !== "");
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
