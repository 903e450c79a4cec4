import {
  addressAt,
  contains,
  netmask,
  networkOf,
  networkOfMask,
  overlap,
  rangeOf,
  sizeOf,
} from "../../lib/addresses";
import type { Log } from "../../lib/progress";
import { RemedyError } from "../../lib/remedy-error";
import { VBoxManageError } from "../driver/errors";
import { parseBlocks } from "../driver/output";
import type { VBoxManage } from "../driver/vboxmanage";

/** A network of the host and its machines alone, as a lab wants it. */
export interface WantedHostOnly {
  /** VirtualBox's name for it; absent: whichever has the address, else a new one. */
  name?: string;
  /** The host's own address in the network. */
  address: string;
  prefixLength: number;
}

/** One that is there. */
export interface HostOnly {
  name: string;
  /** "" or `0.0.0.0` where it has none. */
  address: string;
  netmask: string;
}

/** `192.168.254.0/24` of the host's address in it. */
function subnetOf({ address, prefixLength }: WantedHostOnly): string {
  return networkOf(`${address}/${prefixLength}`) ?? "";
}

/** What `VBoxManage list` calls them: macOS has networks of Apple's own framework from VirtualBox 7 on. */
export function hostOnlyList(platform: NodeJS.Platform): "hostonlynets" | "hostonlyifs" {
  return platform === "darwin" ? "hostonlynets" : "hostonlyifs";
}

/** Reads `list hostonlyifs`, and on macOS `list hostonlynets`, where an empty line parts a network's name from the rest. */
export function parseHostOnly(text: string, platform: NodeJS.Platform): HostOnly[] {
  const networks: Map<string, string>[] = [];
  for (const block of parseBlocks(text)) {
    const last = networks.at(-1);
    if (block.has("Name") || last === undefined) networks.push(block);
    else for (const [key, value] of block) last.set(key, value);
  }
  return networks.map((network) => ({
    name: network.get("Name") ?? "",
    // Apple's framework gives the host the lowest address of the range.
    address: network.get(platform === "darwin" ? "LowerIP" : "IPAddress") ?? "",
    netmask: network.get("NetworkMask") ?? "",
  }));
}

/** The network that has the wanted address, or the wanted name where one is wanted; undefined when there is none. */
export function findHostOnly(there: readonly HostOnly[], wanted: WantedHostOnly): HostOnly | undefined {
  return there.find((network) =>
    wanted.name === undefined ? fits(network, wanted) : network.name === wanted.name,
  );
}

function fits({ address, netmask: mask }: HostOnly, wanted: WantedHostOnly): boolean {
  return address === wanted.address && mask === netmask(wanted.prefixLength);
}

function hasAddress({ address }: HostOnly): boolean {
  return address !== "" && address !== "0.0.0.0";
}

/**
 * Makes the host-only network be there with its address.
 * @param label its name where VirtualBox leaves the choice to us
 * @returns its name, and whether it had to be made
 */
export async function ensureHostOnly(
  vbox: VBoxManage,
  wanted: WantedHostOnly,
  label: string,
  log: Log,
): Promise<{ name: string; made: boolean }> {
  return vbox.exclusively("the host-only network", async () => {
    const there = await listHostOnly(vbox);
    const found = findHostOnly(there, wanted);
    if (found && fits(found, wanted)) return { name: found.name, made: false };
    if (found && hasAddress(found)) throw foreign(found, wanted, vbox.platform);
    refuseOverlap(there, wanted);
    if (vbox.platform === "darwin") return makeNetwork(vbox, wanted, wanted.name ?? label, log);
    if (found) {
      await setAddress(vbox, found.name, wanted);
      return { name: found.name, made: false };
    }
    return makeInterface(vbox, wanted, log);
  });
}

export async function listHostOnly(vbox: VBoxManage): Promise<HostOnly[]> {
  return parseHostOnly(await vbox.call(["list", hostOnlyList(vbox.platform)]), vbox.platform);
}

export async function removeHostOnly(vbox: VBoxManage, name: string, log: Log): Promise<void> {
  const call =
    vbox.platform === "darwin" ? ["hostonlynet", "remove", "--name", name] : ["hostonlyif", "remove", name];
  if (!(await listHostOnly(vbox)).some((network) => network.name === name)) return;
  log(`removing the host-only network ${name}${administrator(vbox.platform)}`);
  await vbox.exclusively("the host-only network", () => vbox.callIfThere(call));
}

function foreign(found: HostOnly, wanted: WantedHostOnly, platform: NodeJS.Platform): RemedyError {
  const set =
    platform === "darwin"
      ? `VBoxManage hostonlynet remove --name "${found.name}"`
      : `VBoxManage hostonlyif ipconfig "${found.name}" ${addressOptions(wanted).join(" ")}`;
  return new RemedyError(
    `The host-only network ${found.name} has the address ${found.address} (${found.netmask}), not ${wanted.address}/${wanted.prefixLength}: it serves something else.`,
    `Leave hostAccess.adapter out, and the lab finds or makes its own; or give this one away: ${set}`,
  );
}

/** Two networks with the same addresses: the host would send to one of them only. */
function refuseOverlap(there: readonly HostOnly[], wanted: WantedHostOnly): void {
  const other = there.find((network) => {
    if (network.name === wanted.name || !hasAddress(network)) return false;
    const subnet = networkOfMask(network.address, network.netmask);
    return subnet !== undefined && overlap(rangeOf(subnet), rangeOf(subnetOf(wanted)));
  });
  if (other === undefined) return;
  throw new RemedyError(
    `The host-only network ${other.name} has the address ${other.address} (${other.netmask}), which overlaps the lab's ${wanted.address}/${wanted.prefixLength}.`,
    "Choose another subnet: pulumi config set --path hostAccess.hostOnly.cidr 192.168.60.0/24 – or use this one: hostAccess.hostOnly.cidr and hostAccess.hostOnly.host as it has them.",
  );
}

function addressOptions({ address, prefixLength }: WantedHostOnly): string[] {
  return ["--ip", address, "--netmask", netmask(prefixLength)];
}

async function setAddress(vbox: VBoxManage, name: string, wanted: WantedHostOnly): Promise<void> {
  try {
    await vbox.call(["hostonlyif", "ipconfig", name, ...addressOptions(wanted)]);
  } catch (error) {
    throw withNetworksConf(error, wanted);
  }
}

/** VirtualBox chooses the name itself: `vboxnet` and the next free number, on Windows an adapter's. */
async function makeInterface(
  vbox: VBoxManage,
  wanted: WantedHostOnly,
  log: Log,
): Promise<{ name: string; made: boolean }> {
  log(`creating a host-only network${administrator(vbox.platform)}`);
  const output = await vbox.call(["hostonlyif", "create"]);
  const name = /Interface '(.+)' was successfully created/.exec(output)?.[1];
  if (name === undefined)
    throw new RemedyError(
      `VBoxManage hostonlyif create does not say what it has made: ${JSON.stringify(output.trim())}`,
      "See `VBoxManage list hostonlyifs`, and remove what is new there.",
    );
  try {
    if (wanted.name !== undefined && wanted.name !== name)
      throw new RemedyError(
        `VirtualBox calls its next host-only network ${JSON.stringify(name)}, the lab wants ${JSON.stringify(wanted.name)}.`,
        "Leave hostAccess.adapter out, and the lab takes the one that VirtualBox makes.",
      );
    await setAddress(vbox, name, wanted);
  } catch (error) {
    await vbox.callIfThere(["hostonlyif", "remove", name]);
    throw error;
  }
  return { name, made: true };
}

/** The range is the host's address and what Apple's DHCP may give away; the gateway's, in the other half, is static. */
async function makeNetwork(
  vbox: VBoxManage,
  wanted: WantedHostOnly,
  name: string,
  log: Log,
): Promise<{ name: string; made: boolean }> {
  log(`creating the host-only network ${name}`);
  const subnet = subnetOf(wanted);
  const lowerHalf = { from: addressAt(subnet, 0), to: addressAt(subnet, sizeOf(subnet) / 2 - 1) };
  const last = contains(lowerHalf, wanted.address) ? lowerHalf.to : addressAt(subnet, -1);
  const range = ["--lower-ip", wanted.address, "--upper-ip", last];
  await vbox.call([
    ...["hostonlynet", "add", "--name", name, "--netmask", netmask(wanted.prefixLength)],
    ...range,
    "--enable",
  ]);
  return { name, made: true };
}

/** VirtualBox has a program with root's rights for it on Linux; macOS needs none. */
function administrator(platform: NodeJS.Platform): string {
  return platform === "win32" ? ": Windows asks for an administrator's consent" : "";
}

/** The exact line that VirtualBox wants to see before it takes an address outside its own range. */
function withNetworksConf(error: unknown, wanted: WantedHostOnly): unknown {
  if (
    !(error instanceof VBoxManageError) ||
    !/E_ACCESSDENIED|allowed ranges/.test(`${error.code} ${error.detail}`)
  )
    return error;
  return new RemedyError(error.message, networksConfRemedy(wanted.address, wanted.prefixLength));
}

/** What to do so that VirtualBox permits a subnet. Source: VirtualBox's manual, "Host-only networking". */
export function networksConfRemedy(address: string, prefixLength: number): string {
  const line = `* ${subnetOf({ address, prefixLength })}`;
  return `Add the line \`${line}\` to /etc/vbox/networks.conf (\`sudo mkdir -p /etc/vbox && echo '${line}' | sudo tee -a /etc/vbox/networks.conf\`), or use a subnet inside 192.168.56.0/21.`;
}
