import type { ImageSpecification } from "../../../hypervisor/specification/image";
import type { MachineSpecification } from "../../../hypervisor/specification/machine";
import type { Laboratory } from "./laboratory";

export const GROUP = "/kube-lab/test";
export const IMAGE = "kube-lab-image-0123456789ab";
export const OTHER_IMAGE = "kube-lab-image-fedcba987654";
const NETWORKS = ["mast", "node", "glus", "dmz"] as const;

const FORWARDS = [
  { name: "api", hostAddress: "127.0.0.1", hostPort: 18080, guestAddress: "10.0.2.15", guestPort: 6443 },
  { name: "ssh", hostAddress: "127.0.0.1", hostPort: 2222, guestAddress: "10.0.2.15", guestPort: 22 },
  {
    name: "statistics",
    hostAddress: "127.0.0.1",
    hostPort: 32700,
    guestAddress: "10.0.2.15",
    guestPort: 32700,
  },
];

/** The image of the script's lab. */
export function imageSpecification({ vbox, baseDisk }: Laboratory): ImageSpecification {
  return { hypervisor: vbox.hypervisor, image: IMAGE, baseDisk, rootDiskGiB: 8, incarnation: "one" };
}

/** The twelve machines of the reference lab. */
export function specifications({ vbox }: Laboratory): MachineSpecification[] {
  const common = {
    hypervisor: vbox.hypervisor,
    group: GROUP,
    image: IMAGE,
    incarnation: "one",
    hostKey: "SHA256:one",
  };
  const mac = (machine: number, adapter: number) => `08:00:27:00:0${machine.toString(16)}:0${adapter}`;
  const internal = (network: string, machine: number, adapter: number) => ({
    kind: "internal" as const,
    network: `kube-lab-test-${network}`,
    mac: mac(machine, adapter),
  });
  const plain = (role: string, network: string, first: number, count: number, memoryMiB: number) =>
    Array.from({ length: count }, (_, index) => ({
      ...common,
      machine: `kube-lab-test-${role}0${index + 1}`,
      cpus: 2,
      memoryMiB,
      adapters: [internal(network, first + index, 1)],
      forwards: [],
      ...(role === "glus" ? { dataDiskGiB: 500 } : {}),
    }));
  const gateway: MachineSpecification = {
    ...common,
    machine: "kube-lab-test-gate01",
    cpus: 1,
    memoryMiB: 512,
    adapters: [
      { kind: "nat", network: "", mac: mac(0, 1) },
      ...NETWORKS.map((network, index) => internal(network, 0, index + 2)),
    ],
    forwards: FORWARDS,
  };
  return [
    gateway,
    ...plain("hapx", "dmz", 1, 2, 512),
    ...plain("mast", "mast", 3, 3, 2048),
    ...plain("node", "node", 6, 3, 2048),
    ...plain("glus", "glus", 9, 3, 2048),
  ];
}

/** The first machine whose role it is. */
export function specification(laboratory: Laboratory, role: string): MachineSpecification {
  const found = specifications(laboratory).find(({ machine }) => machine === `kube-lab-test-${role}`);
  if (!found) throw new Error(`The script's lab has no machine ${role}.`);
  return found;
}
