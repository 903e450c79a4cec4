import { createHash } from "node:crypto";

/** VirtualBox's own vendor prefix. */
const vendor = "08:00:27";

/** Whose MAC address it is: `kube-mast01`'s adapter `mast`. */
export interface AdapterName {
  machine: string;
  adapter: string;
}

export function adapterKey({ machine, adapter }: AdapterName): string {
  return `${machine}/${adapter}`;
}

/**
 * MAC addresses by `adapterKey`, made from the names alone so that they outlive every rebuild. Should two be the same,
 * the later one in the list is drawn again: list in an order in which a new machine comes last.
 */
export function macAddresses(stack: string, adapters: readonly AdapterName[]): Map<string, string> {
  const taken = new Set<string>();
  const macs = new Map<string, string>();
  for (const adapter of adapters) {
    const key = adapterKey(adapter);
    let draw = 0;
    while (taken.has(macAddress(`${stack}/${key}`, draw))) {
      draw++;
    }
    const mac = macAddress(`${stack}/${key}`, draw);
    taken.add(mac);
    macs.set(key, mac);
  }
  return macs;
}

function macAddress(name: string, draw: number): string {
  const digest = createHash("sha256")
    .update(draw === 0 ? name : `${name}#${draw}`)
    .digest("hex");
  return [vendor, digest.slice(0, 2), digest.slice(2, 4), digest.slice(4, 6)].join(":");
}
