import { existsSync } from "node:fs";
import { sha256Of } from "../../lib/checksum";
import { withPlaceLock } from "../locks";
import { hostPrefix, type Place } from "../place";
import { runOnHost, runQuietly } from "../process";

/** Where `ip netns` keeps its names. */
export const NAMESPACES = "/run/netns";

/** The namespace with all internal networks' bridges. No address, no route: it only switches. */
export function switchNamespace(place: Place): string {
  return `${hostPrefix(place)}-switch`;
}

/** A bridge's name: interface names have at most 15 characters, networks' names any. */
export function bridgeName(network: string): string {
  return `br-${sha256Of(network).slice(0, 12)}`;
}

export function namespaceExists(name: string): boolean {
  return existsSync(`${NAMESPACES}/${name}`);
}

/** Makes the switch and these networks' bridges, as far as they are not there. Call under the lock "network". */
export async function ensureBridges(place: Place, networks: readonly string[]): Promise<void> {
  const namespace = switchNamespace(place);
  if (!namespaceExists(namespace)) {
    await runOnHost("ip", ["netns", "add", namespace]);
    // Frames between machines are no business of the host's packet filter.
    await runQuietly("ip", [
      "netns",
      "exec",
      namespace,
      "sysctl",
      "-qw",
      "net.bridge.bridge-nf-call-iptables=0",
    ]);
  }
  const present = new Set((await links(namespace)).map((link) => link.name));
  for (const bridge of new Set(networks.map(bridgeName)))
    if (!present.has(bridge)) await runOnHost("ip", ["-n", namespace, "-batch", "-"], newBridge(bridge));
}

function newBridge(bridge: string): string {
  return [
    `link add ${bridge} type bridge stp_state 0 forward_delay 0 mcast_snooping 0`,
    `link set ${bridge} addrgenmode none up`,
    "",
  ].join("\n");
}

/** Removes bridges without a port, and the switch when it has none left. */
export async function removeUnusedBridges(place: Place): Promise<void> {
  await withPlaceLock(place, "network", async () => {
    const namespace = switchNamespace(place);
    if (!namespaceExists(namespace)) return;
    const present = await links(namespace);
    const used = new Set(present.flatMap((link) => link.master ?? []));
    const bridges = present.filter((link) => link.name.startsWith("br-"));
    const unused = bridges.filter((bridge) => !used.has(bridge.name));
    for (const bridge of unused) await runOnHost("ip", ["-n", namespace, "link", "delete", bridge.name]);
    if (unused.length === bridges.length) await runOnHost("ip", ["netns", "delete", namespace]);
  });
}

interface Link {
  name: string;
  master?: string;
}

async function links(namespace: string): Promise<Link[]> {
  const text = await runOnHost("ip", ["-n", namespace, "-json", "link", "show"]);
  return (JSON.parse(text || "[]") as { ifname: string; master?: string }[]).map((link) => ({
    name: link.ifname,
    ...(link.master === undefined ? {} : { master: link.master }),
  }));
}
