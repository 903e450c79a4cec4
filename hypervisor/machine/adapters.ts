/** One network adapter as it stands in the environment, in extra data and in `preview --diff`. */
export interface AdapterSpecification {
  kind: "nat" | "internal" | "hostonly" | "bridged";
  /** Internal network or host interface; a host-only network also by the host's address in it, `192.168.56.1/24`; "" for NAT. */
  network: string;
  /** `08:00:27:ab:cd:ef` */
  mac: string;
}

/** A port of the host's that NAT carries into the machine. */
export interface ForwardSpecification {
  /** `api`, `ssh`, `statistics`: the rule's name in VirtualBox. */
  name: string;
  hostAddress: string;
  hostPort: number;
  guestAddress: string;
  guestPort: number;
}

const MAC = "[0-9a-f]{2}(?::[0-9a-f]{2}){5}";

/** `nat MAC`, `internal NETWORK MAC`, `hostonly INTERFACE MAC`, `bridged INTERFACE MAC`; a name may have blanks. */
export function parseAdapter(text: string): AdapterSpecification | undefined {
  const nat = new RegExp(`^nat (${MAC})$`).exec(text);
  if (nat?.[1]) return { kind: "nat", network: "", mac: nat[1] };
  const other = new RegExp(`^(internal|hostonly|bridged) (\\S(?:.*\\S)?) (${MAC})$`).exec(text);
  if (!other?.[1] || !other[2] || !other[3]) return undefined;
  return { kind: other[1] as AdapterSpecification["kind"], network: other[2], mac: other[3] };
}

export function formatAdapter(adapter: AdapterSpecification): string {
  return [adapter.kind, adapter.network, adapter.mac].filter((part) => part !== "").join(" ");
}

/** `127.0.0.1:18080 -> 10.0.2.15:6443` */
export function parseForward(name: string, text: string): ForwardSpecification | undefined {
  const found = /^([\d.]+):(\d{1,5}) -> ([\d.]+):(\d{1,5})$/.exec(text);
  if (!found?.[1] || !found[3]) return undefined;
  const [hostPort, guestPort] = [Number(found[2]), Number(found[4])];
  if (![hostPort, guestPort].every((port) => port >= 1 && port <= 65535)) return undefined;
  return { name, hostAddress: found[1], hostPort, guestAddress: found[3], guestPort };
}

export function formatForward(forward: ForwardSpecification): string {
  return `${forward.hostAddress}:${forward.hostPort} -> ${forward.guestAddress}:${forward.guestPort}`;
}

/** VBoxManage's rule: `api,tcp,127.0.0.1,18080,10.0.2.15,6443`. */
export function forwardRule(forward: ForwardSpecification): string {
  const { name, hostAddress, hostPort, guestAddress, guestPort } = forward;
  return [name, "tcp", hostAddress, hostPort, guestAddress, guestPort].join(",");
}

/** The rule read back out of `showvminfo`. */
export function parseForwardRule(rule: string): ForwardSpecification | undefined {
  const [name, protocol, hostAddress, hostPort, guestAddress, guestPort] = rule.split(",");
  if (!name || protocol !== "tcp" || !hostPort || !guestPort) return undefined;
  return {
    name,
    hostAddress: hostAddress ?? "",
    hostPort: Number(hostPort),
    guestAddress: guestAddress ?? "",
    guestPort: Number(guestPort),
  };
}

/** Options of `modifyvm` for one adapter. macOS has host-only networks where others have host-only interfaces. */
export function adapterOptions(
  index: number,
  adapter: AdapterSpecification,
  platform: NodeJS.Platform,
): string[] {
  const common = [
    `--nictype${index}`,
    "virtio",
    `--macaddress${index}`,
    adapter.mac.replaceAll(":", "").toUpperCase(),
    `--cableconnected${index}`,
    "on",
  ];
  switch (adapter.kind) {
    case "nat":
      return [`--nic${index}`, "nat", ...common];
    case "internal":
      return [`--nic${index}`, "intnet", ...common, `--intnet${index}`, adapter.network];
    case "bridged":
      return [`--nic${index}`, "bridged", ...common, `--bridgeadapter${index}`, adapter.network];
    case "hostonly":
      return platform === "darwin"
        ? [`--nic${index}`, "hostonlynet", ...common, `--host-only-net${index}`, adapter.network]
        : [`--nic${index}`, "hostonly", ...common, `--hostonlyadapter${index}`, adapter.network];
  }
}
