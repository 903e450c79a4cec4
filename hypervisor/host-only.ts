import { HypervisorError, VBoxManageError } from "./errors";
import { parseBlocks } from "./output";
import type { Log } from "./progress";
import type { VBoxManage } from "./vboxmanage";

export interface HostOnlyInterface {
  name: string;
  /** The host's own address in the network. */
  address: string;
  prefixLength: number;
}

/** The netmask of a prefix length: 24 → `255.255.255.0`. */
export function netmask(prefixLength: number): string {
  return [0, 8, 16, 24]
    .map((shift) => 256 - 2 ** (8 - Math.min(8, Math.max(0, prefixLength - shift))))
    .map((octet) => (octet === 256 ? 0 : octet))
    .join(".");
}

/** First address of a subnet plus an offset. */
function addressIn(address: string, prefixLength: number, offset: number): string {
  const size = 2 ** (32 - prefixLength);
  const number = address.split(".").reduce((sum, octet) => sum * 256 + Number(octet), 0);
  const chosen = number - (number % size) + (offset < 0 ? size + offset : offset);
  return [24, 16, 8, 0].map((shift) => Math.floor(chosen / 2 ** shift) % 256).join(".");
}

/** Makes the host-only interface be there with its address. @returns whether it had to be made */
export async function ensureHostOnly(
  vbox: VBoxManage,
  wanted: HostOnlyInterface,
  log: Log,
): Promise<boolean> {
  return vbox.exclusively("the host-only network", () =>
    // macOS has networks of Apple's own framework in their place from VirtualBox 7 on.
    vbox.platform === "darwin" ? ensureNet(vbox, wanted, log) : ensureInterface(vbox, wanted, log),
  );
}

export async function removeHostOnly(vbox: VBoxManage, name: string, log: Log): Promise<void> {
  const call =
    vbox.platform === "darwin" ? ["hostonlynet", "remove", "--name", name] : ["hostonlyif", "remove", name];
  const there = parseBlocks(
    await vbox.call(["list", vbox.platform === "darwin" ? "hostonlynets" : "hostonlyifs"]),
  );
  if (!there.some((block) => block.get("Name") === name)) return;
  log(`removing the host-only interface ${name}`);
  await vbox.exclusively("the host-only network", () => vbox.callIfThere(call));
}

async function ensureInterface(vbox: VBoxManage, wanted: HostOnlyInterface, log: Log): Promise<boolean> {
  const interfaces = parseBlocks(await vbox.call(["list", "hostonlyifs"]));
  const existing = interfaces.find((block) => block.get("Name") === wanted.name);
  if (
    existing?.get("IPAddress") === wanted.address &&
    existing.get("NetworkMask") === netmask(wanted.prefixLength)
  )
    return false;
  const addressed = ["--ip", wanted.address, "--netmask", netmask(wanted.prefixLength)];
  if (existing && existing.get("IPAddress") !== "0.0.0.0" && existing.get("IPAddress") !== "")
    throw new HypervisorError(
      `The host-only interface ${wanted.name} has the address ${existing.get("IPAddress")}, not ${wanted.address}: it serves something else.`,
      `Choose another interface for the lab, or set this one: VBoxManage hostonlyif ipconfig "${wanted.name}" ${addressed.join(" ")}`,
    );
  if (!existing) await createInterface(vbox, wanted.name, log);
  try {
    await vbox.call(["hostonlyif", "ipconfig", wanted.name, ...addressed]);
  } catch (error) {
    if (!existing) await vbox.callIfThere(["hostonlyif", "remove", wanted.name]);
    throw withNetworksConf(error, wanted);
  }
  return !existing;
}

/** VirtualBox chooses the name itself: the next free number. */
async function createInterface(vbox: VBoxManage, name: string, log: Log): Promise<void> {
  log(`creating the host-only interface ${name}`);
  const output = await vbox.call(["hostonlyif", "create"]);
  const created = /Interface '(.+)' was successfully created/.exec(output)?.[1] ?? "";
  if (created === name) return;
  if (created !== "") await vbox.callIfThere(["hostonlyif", "remove", created]);
  throw new HypervisorError(
    `VirtualBox calls its next host-only interface ${JSON.stringify(created)}, the lab wants ${JSON.stringify(name)}.`,
    `Write ${JSON.stringify(created)} into the lab's configuration.`,
  );
}

async function ensureNet(vbox: VBoxManage, wanted: HostOnlyInterface, log: Log): Promise<boolean> {
  const networks = parseBlocks(await vbox.call(["list", "hostonlynets"]));
  if (networks.some((block) => block.get("Name") === wanted.name)) return false;
  log(`creating the host-only network ${wanted.name}`);
  // The range is what its DHCP may give away: the upper half, the lab's own addresses are static and low.
  const size = 2 ** (32 - wanted.prefixLength);
  const range = [
    "--lower-ip",
    addressIn(wanted.address, wanted.prefixLength, size / 2),
    "--upper-ip",
    addressIn(wanted.address, wanted.prefixLength, -2),
  ];
  try {
    await vbox.call([
      "hostonlynet",
      "add",
      "--name",
      wanted.name,
      "--netmask",
      netmask(wanted.prefixLength),
      ...range,
      "--enable",
    ]);
  } catch (error) {
    throw withNetworksConf(error, wanted);
  }
  return true;
}

/** The exact line that VirtualBox wants to see before it takes an address outside its own range. */
function withNetworksConf(error: unknown, wanted: HostOnlyInterface): unknown {
  if (
    !(error instanceof VBoxManageError) ||
    !/E_ACCESSDENIED|allowed ranges/.test(`${error.code} ${error.detail}`)
  )
    return error;
  return new HypervisorError(error.message, networksConfRemedy(wanted.address, wanted.prefixLength));
}

/** What to do so that VirtualBox permits a subnet. Source: VirtualBox's manual, "Host-only networking". */
export function networksConfRemedy(address: string, prefixLength: number): string {
  const line = `* ${addressIn(address, prefixLength, 0)}/${prefixLength}`;
  return `Add the line \`${line}\` to /etc/vbox/networks.conf, or use a subnet inside 192.168.56.0/21.`;
}
