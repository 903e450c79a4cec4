import { withPlaceLock } from "../locks";
import type { AdapterRecord, StoredMachine } from "../machine/record";
import { hostPrefix, type Place } from "../place";
import { runOnHost, runQuietly } from "../process";
import {
  bridgeName,
  ensureBridges,
  NAMESPACES,
  namespaceExists,
  removeUnusedBridges,
  switchNamespace,
} from "./switch";

/** What udev calls VirtualBox's adapters 1 to 8 (PIIX3: PCI slots 3, 8, 9, 10, 16 …). */
const GUEST_NAMES = ["enp0s3", "enp0s8", "enp0s9", "enp0s10", "enp0s16", "enp0s17", "enp0s18", "enp0s19"];

/** VirtualBox's NAT: the router's address, and the guest's unless a rule names another. */
const NAT_ROUTER = "10.0.2.2/24";
export const NAT_GUEST = "10.0.2.15";

/** The machine's own network namespace. */
export function machineNamespace(place: Place, uuid: string): string {
  return `${hostPrefix(place)}-${uuid.slice(0, 8)}`;
}

/** The far side of a NAT adapter: the router's namespace, from which forwards reach the guest. */
export function natNamespace(place: Place, uuid: string, adapter: number): string {
  return `${machineNamespace(place, uuid)}-nat${adapter}`;
}

/** Makes the machine's namespace with an interface for each adapter, plugged in where its kind says. */
export async function plugAdapters(place: Place, machine: StoredMachine): Promise<void> {
  const own = machineNamespace(place, machine.uuid);
  await removeNamespace(own);
  await runOnHost("ip", ["netns", "add", own]);
  await runOnHost("ip", ["-n", own, "link", "set", "lo", "up"]);
  await skipDuplicateDetection(own);
  for (const [index, adapter] of machine.adapters.entries())
    if (adapter.kind === "nat") await plugNat(place, machine.uuid, index + 1, adapter);
  const internal = machine.adapters.filter((adapter) => adapter.kind === "intnet");
  if (internal.length === 0) return;
  await withPlaceLock(place, "network", async () => {
    await ensureBridges(
      place,
      internal.map((adapter) => adapter.internalNetwork),
    );
    await runOnHost("ip", ["-n", switchNamespace(place), "-batch", "-"], internalCommands(place, machine));
  });
}

/** Link-local addresses follow from pinned MACs: a second of waiting for a duplicate's answer at each boot is in vain. */
async function skipDuplicateDetection(namespace: string): Promise<void> {
  const setting = "/proc/sys/net/ipv6/conf/default/accept_dad";
  await runQuietly("nsenter", [`--net=${NAMESPACES}/${namespace}`, "tee", setting], "0");
}

async function plugNat(place: Place, uuid: string, number: number, adapter: AdapterRecord): Promise<void> {
  const router = natNamespace(place, uuid, number);
  await removeNamespace(router);
  await runOnHost("ip", ["netns", "add", router]);
  const commands = [
    `link add nat type veth peer name ${guestName(number)} address ${colons(adapter.mac)} netns ${machineNamespace(place, uuid)}`,
    `address add ${NAT_ROUTER} dev nat`,
    "link set lo up",
    ...(adapter.cableConnected ? ["link set nat up"] : []),
    "",
  ];
  await runOnHost("ip", ["-n", router, "-batch", "-"], commands.join("\n"));
}

function internalCommands(place: Place, machine: StoredMachine): string {
  const namespace = machineNamespace(place, machine.uuid);
  const lines = machine.adapters.flatMap((adapter, index) => {
    if (adapter.kind !== "intnet") return [];
    const port = portName(machine.uuid, index + 1);
    const guest = guestName(index + 1);
    return [
      `link add ${port} type veth peer name ${guest} address ${colons(adapter.mac)} netns ${namespace}`,
      `link set ${port} addrgenmode none master ${bridgeName(adapter.internalNetwork)}`,
      ...(adapter.cableConnected ? [`link set ${port} up`] : []),
    ];
  });
  return [...lines, ""].join("\n");
}

/** Takes the machine off its internal networks: what it says from now on nobody hears. */
export async function unplugInternal(place: Place, machine: StoredMachine): Promise<void> {
  const ports = machine.adapters.flatMap((adapter, index) =>
    adapter.kind === "intnet" ? [`link delete ${portName(machine.uuid, index + 1)}\n`] : [],
  );
  if (ports.length > 0 && namespaceExists(switchNamespace(place)))
    await runQuietly("ip", ["-n", switchNamespace(place), "-force", "-batch", "-"], ports.join(""));
}

/** Pulls every plug at once and removes the machine's namespaces: a machine without power answers nobody. */
export async function unplugAdapters(place: Place, machine: StoredMachine): Promise<void> {
  await unplugInternal(place, machine);
  for (let number = 1; number <= machine.adapters.length; number += 1)
    await removeNamespace(natNamespace(place, machine.uuid, number));
  await removeNamespace(machineNamespace(place, machine.uuid));
  await removeUnusedBridges(place);
}

async function removeNamespace(name: string): Promise<void> {
  if (namespaceExists(name)) await runQuietly("ip", ["netns", "delete", name]);
}

function guestName(number: number): string {
  return GUEST_NAMES[number - 1] ?? `enp1s${number}`;
}

function portName(uuid: string, number: number): string {
  return `p${uuid.replaceAll("-", "").slice(0, 10)}-${number}`;
}

function colons(mac: string): string {
  return (mac.match(/../g) ?? []).join(":").toLowerCase();
}
