import { RemedyError } from "../../lib/remedy-error";
import type { VBoxManage } from "../driver/vboxmanage";
import type { AdapterSpecification } from "../machine/adapters";
import { chooseBridged, parseBridged } from "./bridged";
import { findHostOnly, listHostOnly } from "./host-only";

/**
 * Gives adapters on the host's side the names that VirtualBox has for them on this computer: `hostonly 192.168.56.1/24` the
 * network with that address of the host's, `bridged wi-fi` the one adapter whose name has that part.
 * @throws RemedyError when there is none, or several.
 */
export function namedByVirtualBox(
  vbox: VBoxManage,
  adapters: readonly AdapterSpecification[],
): Promise<AdapterSpecification[]> {
  return Promise.all(
    adapters.map(async (adapter) => {
      switch (adapter.kind) {
        case "hostonly":
          return { ...adapter, network: await hostOnlyName(vbox, adapter.network) };
        case "bridged":
          return { ...adapter, network: await bridgedName(vbox, adapter.network) };
        default:
          return adapter;
      }
    }),
  );
}

async function hostOnlyName(vbox: VBoxManage, network: string): Promise<string> {
  const [, address, length] = /^([\d.]+)\/(\d+)$/.exec(network) ?? [];
  if (address === undefined) return network;
  const found = findHostOnly(await listHostOnly(vbox), { address, prefixLength: Number(length) });
  if (found) return found.name;
  throw new RemedyError(
    `No host-only network has the host's address ${network}.`,
    "It was removed or changed by something else: run `npm run up` again, it will be recreated.",
  );
}

async function bridgedName(vbox: VBoxManage, wanted: string): Promise<string> {
  const choice = chooseBridged(wanted, parseBridged(await vbox.call(["list", "bridgedifs"])));
  if ("chosen" in choice) return choice.chosen.name;
  throw new RemedyError(choice.problem, choice.fix);
}
