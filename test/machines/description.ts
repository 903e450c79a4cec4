import {
  adapterNumbers,
  BUNDLE_PORT,
  DATA_PORT,
  forwardRules,
  ROOT_PORT,
  SEED_PORT,
} from "../../hypervisor/machine/hardware";

/** What VirtualBox has written down of a machine, as far as running it wants to know. */
export interface Description {
  name: string;
  uuid: string;
  cpus: number;
  memoryMiB: number;
  /** By their port on the SATA controller. */
  disks: { port: number; file: string }[];
  /** DVD drives; an empty one has no file. */
  drives: { port: number; file?: string }[];
  adapters: Adapter[];
}

export interface Adapter {
  number: number;
  /** A PCI device of QEMU. */
  device: string;
  mac: string;
  /** A network of the hypervisor's, by name; absent for NAT. */
  network?: string;
  /** VirtualBox's rules: `api,tcp,127.0.0.1,18080,10.0.2.15,6443`. */
  forwards: string[];
}

/** @param info of `showvminfo --machinereadable` */
export function describeMachine(info: Map<string, string>): Description {
  const media = [ROOT_PORT, DATA_PORT, SEED_PORT, BUNDLE_PORT].flatMap((port) => {
    const file = info.get(`SATA-${port}-0`) ?? "none";
    return file === "none" ? [] : [{ port, file }];
  });
  const isDrive = ({ file }: { file: string }) => file === "emptydrive" || file.endsWith(".iso");
  return {
    name: info.get("name") ?? "",
    uuid: info.get("UUID") ?? "",
    cpus: Number(info.get("cpus")),
    memoryMiB: Number(info.get("memory")),
    disks: media.filter((medium) => !isDrive(medium)),
    drives: media
      .filter(isDrive)
      .map(({ port, file }) => (file === "emptydrive" ? { port } : { port, file })),
    adapters: adapterNumbers(info).map((number) => adapterOf(info, number)),
  };
}

function adapterOf(info: Map<string, string>, number: number): Adapter {
  const mac = (info.get(`macaddress${number}`) ?? "").toLowerCase().replace(/(..)(?!$)/g, "$1:");
  const device = info.get(`nictype${number}`) === "virtio" ? "virtio-net-pci" : "e1000";
  const kind = info.get(`nic${number}`) ?? "";
  if (kind === "nat") return { number, device, mac, forwards: forwardRules(info) };
  if (kind !== "intnet") throw new Error(`an adapter of the kind ${kind} cannot be run here`);
  return { number, device, mac, network: info.get(`intnet${number}`) ?? "", forwards: [] };
}
