import { ensureMachine } from "../../../hypervisor/machine/machine";
import type { MachineSpecification } from "../../../hypervisor/specification/machine";
import { specification } from "./lab";
import type { Laboratory } from "./laboratory";
import type { Step } from "./step";

/** A machine that is there, with something else wanted of it. */
function changed(role: string, changes: (wanted: MachineSpecification) => Partial<MachineSpecification>) {
  return (laboratory: Laboratory) => {
    const wanted = specification(laboratory, role);
    return ensureMachine(laboratory.vbox, { ...wanted, ...changes(wanted) }, laboratory.log);
  };
}

/** Changes in place: none makes a machine anew. */
export const changing: Step[] = [
  {
    name: "other processors and memory",
    machine: "kube-lab-test-mast01",
    act: changed("mast01", () => ({ cpus: 4, memoryMiB: 3000 })),
    expect: ({ said, machines, calls }) => {
      expect(said).toContain("changing cpus, memory");
      expect(machines["kube-lab-test-mast01"]).toMatchObject({ cpus: "4", memory: "3000" });
      expect(calls.clonevm).toBeUndefined();
    },
  },
  {
    name: "other forwards: one less, one moved, one new",
    machine: "kube-lab-test-gate01",
    act: changed("gate01", ({ forwards: [api, ssh] }) => ({
      forwards: [
        ...(api ? [{ ...api, hostPort: 28080 }] : []),
        ...(ssh ? [ssh, { ...ssh, name: "web", hostPort: 8443 }] : []),
      ],
    })),
    expect: ({ machines }) => {
      const shown = Object.entries(machines["kube-lab-test-gate01"] ?? {});
      expect(shown.filter(([key]) => key.startsWith("Forwarding")).map(([, rule]) => rule)).toEqual([
        "api,tcp,127.0.0.1,28080,10.0.2.15,6443",
        "ssh,tcp,127.0.0.1,2222,10.0.2.15,22",
        "web,tcp,127.0.0.1,8443,10.0.2.15,22",
      ]);
    },
  },
  {
    name: "an adapter less, another network and address",
    machine: "kube-lab-test-gate01",
    act: changed("gate01", ({ adapters }) => ({
      adapters: adapters
        .slice(0, 3)
        .map((adapter, index) =>
          index === 2 ? { ...adapter, network: "kube-lab-test-other", mac: "08:00:27:00:0f:0f" } : adapter,
        ),
    })),
    expect: ({ machines }) =>
      expect(machines["kube-lab-test-gate01"]).toMatchObject({
        nic3: "intnet",
        intnet3: "kube-lab-test-other",
        macaddress3: "080027000F0F",
        nic4: "none",
        nic5: "none",
      }),
  },
  {
    name: "no NAT for a while, and then again with the same forwards",
    machine: "kube-lab-test-gate01",
    act: async (laboratory) => {
      await laboratory.vbox.call(["modifyvm", "kube-lab-test-gate01", "--nic1", "none"]);
      return changed("gate01", () => ({}))(laboratory);
    },
    expect: ({ machines }) =>
      expect(machines["kube-lab-test-gate01"]).toMatchObject({
        nic1: "nat",
        "Forwarding(1)": "ssh,tcp,127.0.0.1,2222,10.0.2.15,22",
        "Forwarding(2)": "statistics,tcp,127.0.0.1,32700,10.0.2.15,32700",
      }),
  },
  {
    name: "a larger data disk",
    machine: "kube-lab-test-glus01",
    act: changed("glus01", () => ({ dataDiskGiB: 600 })),
    expect: ({ said, disks }) => {
      expect(said).toContain("growing its data disk from 500 to 600 GiB");
      expect(disks).toContainEqual(expect.objectContaining({ Capacity: `${600 * 1024} MBytes` }));
    },
  },
  {
    name: "a smaller data disk",
    machine: "kube-lab-test-glus01",
    act: changed("glus01", () => ({ dataDiskGiB: 500 })),
    expect: ({ outcome, disks, calls }) => {
      expect(outcome).toMatchObject({
        error: expect.stringContaining("has 600 GiB and cannot shrink to 500 GiB"),
      });
      expect(disks).toContainEqual(expect.objectContaining({ Capacity: `${600 * 1024} MBytes` }));
      expect(calls).toEqual({ showvminfo: 1 });
    },
  },
  {
    name: "no data disk any more",
    machine: "kube-lab-test-glus02",
    act: (laboratory) => {
      const { dataDiskGiB: _, ...wanted } = specification(laboratory, "glus02");
      return ensureMachine(laboratory.vbox, wanted, laboratory.log);
    },
    expect: ({ machines, files }) => {
      expect(machines["kube-lab-test-glus02"]?.["SATA-1-0"]).toBe("none");
      // Only `disk absent` deletes it.
      expect(files.filter((file) => file.endsWith("disks/kube-lab-test-glus02-data.vdi"))).toHaveLength(1);
    },
  },
];
