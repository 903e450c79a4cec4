import { networkOfMask } from "../../lib/addresses";
import { parseBlocks } from "../driver/output";

/** An adapter of the host that machines can be bridged to. */
export interface BridgedInterface {
  name: string;
  isUp: boolean;
  /** The LAN that the host is in by it, `192.168.178.0/24`; absent where it has no IPv4 address. */
  lan?: string;
}

/** Which adapter a configured name means; or why it means none, and what to do. */
export type BridgedChoice = { chosen: BridgedInterface } | { problem: string; fix: string };

/** Reads `list bridgedifs`. */
export function parseBridged(text: string): BridgedInterface[] {
  return parseBlocks(text)
    .map((block) => ({
      name: block.get("Name") ?? "",
      isUp: block.get("Status") !== "Down",
      ...lanOf(block.get("IPAddress") ?? "", block.get("NetworkMask") ?? ""),
    }))
    .filter(({ name }) => name !== "");
}

function lanOf(address: string, netmask: string): { lan?: string } {
  const lan = address === "0.0.0.0" ? undefined : networkOfMask(address, netmask);
  return lan === undefined ? {} : { lan };
}

/**
 * The one adapter with that name; else the one device of that name, which macOS writes before a colon (`en0: Wi-Fi`); else
 * the one whose name has it as a part, in whatever case.
 */
export function chooseBridged(wanted: string, interfaces: readonly BridgedInterface[]): BridgedChoice {
  const rules: ((name: string) => boolean)[] = [
    (name) => name === wanted,
    (name) => name.split(":")[0] === wanted,
    (name) => name.toLowerCase().includes(wanted.toLowerCase()),
  ];
  const found = rules
    .map((rule) => interfaces.filter(({ name }) => rule(name)))
    .find((matching) => matching.length > 0);
  const [chosen, ...others] = found ?? [];
  if (chosen && others.length === 0) return { chosen };
  const asked = JSON.stringify(wanted);
  if (chosen)
    return {
      problem: `${1 + others.length} of the host's adapters match ${asked}: ${names([chosen, ...others])}.`,
      fix: "Write more of the name into hostAccess.adapter, so that one is left.",
    };
  return {
    problem: `None of the host's adapters matches ${asked}.`,
    fix:
      interfaces.length > 0
        ? `Write the name of one, or a part of it, into hostAccess.adapter: ${names(interfaces)}.`
        : "This computer has no adapter that can be bridged: connect one, or set hostAccess.mode to hostonly or forward.",
  };
}

function names(interfaces: readonly BridgedInterface[]): string {
  return interfaces.map(({ name, isUp }) => `${JSON.stringify(name)}${isUp ? "" : " (down)"}`).join(", ");
}
