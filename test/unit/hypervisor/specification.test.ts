import { SpecificationError } from "../../../hypervisor/driver/errors";
import {
  imageEnvironment,
  machineEnvironment,
  networkEnvironment,
  sealEnvironment,
  seedEnvironment,
} from "../../../hypervisor/environment";
import { readImageSpecification } from "../../../hypervisor/specification/image";
import { readMachineReference, readSeedReferences } from "../../../hypervisor/specification/lab";
import { readMachineSpecification } from "../../../hypervisor/specification/machine";
import { readNetworkSpecification } from "../../../hypervisor/specification/network";
import { gatewayOf } from "../../../plan/endpoint";
import { IMAGE, referencePlan } from "./fixtures";

const TOKEN = "2026-11-21T04:33:10Z missing";
const HOST_KEY = "SHA256:host";

function problemsOf(read: () => unknown): readonly string[] {
  try {
    read();
  } catch (error) {
    if (error instanceof SpecificationError) return error.problems;
    throw error;
  }
  return [];
}

describe("from plan to environment and back", () => {
  const plan = referencePlan();

  it("carries every machine of the reference lab", () => {
    for (const machine of plan.machines) {
      const specification = readMachineSpecification({
        ...machineEnvironment(plan, machine, IMAGE, TOKEN),
        HOST_KEY,
      });
      expect(specification).toMatchObject({
        hypervisor: plan.hypervisor,
        group: "/kube-lab/dev",
        machine: machine.hypervisorName,
        image: IMAGE,
        cpus: machine.cpus,
        memoryMiB: machine.memoryMiB,
        incarnation: TOKEN,
        hostKey: HOST_KEY,
      });
      expect(specification.dataDiskGiB).toBe(machine.dataDiskGiB);
      expect(specification.adapters.map(({ mac }) => mac)).toEqual(machine.adapters.map(({ mac }) => mac));
      expect(readMachineReference(seedEnvironment(plan, machine, TOKEN)).machine).toBe(
        machine.hypervisorName,
      );
    }
  });

  it("carries all machines whose seeds are to go", () => {
    const environment = sealEnvironment(plan, plan.machines, () => TOKEN);
    expect(environment).toMatchObject({ SEED_KUBE_MAST01: `kube-lab-dev-kube-mast01 ${TOKEN}` });
    expect(readSeedReferences(environment)).toEqual(
      plan.machines.map(({ hypervisorName }) => ({
        hypervisor: plan.hypervisor,
        group: plan.group,
        machine: hypervisorName,
      })),
    );
    expect(
      problemsOf(() => readSeedReferences({ HYPERVISOR: "virtualbox", GROUP: "/kube-lab/dev" })),
    ).toEqual(["SEED_* is missing; allowed is at least one machine"]);
  });

  it("is legible, an entry a property", () => {
    const gateway = plan.machines.find(({ role }) => role === "gateway");
    const environment = gateway && machineEnvironment(plan, gateway, IMAGE, TOKEN);
    expect(environment).toMatchObject({
      CPUS: "1",
      MEMORY_MIB: "512",
      ADAPTER_1: expect.stringMatching(/^nat 08:00:27:/),
      ADAPTER_2: expect.stringMatching(/^internal kube-lab-dev-mast 08:00:27:/),
      FORWARD_API: expect.stringMatching(/^127\.0\.0\.1:18080 -> 10\.0\.2\.15:\d+$/),
      FORWARD_SSH: "127.0.0.1:2222 -> 10.0.2.15:22",
      FORWARD_STATISTICS: expect.stringMatching(/^127\.0\.0\.1:32700 -> /),
    });
  });

  it("carries image and network", () => {
    expect(readImageSpecification(imageEnvironment(plan, IMAGE, "/a b/disk.img"))).toEqual({
      hypervisor: plan.hypervisor,
      image: IMAGE,
      baseDisk: "/a b/disk.img",
      rootDiskGiB: 30,
    });
    expect(readNetworkSpecification(networkEnvironment(plan, TOKEN))).toEqual({
      hypervisor: plan.hypervisor,
      group: "/kube-lab/dev",
      members: plan.machines.map(({ hypervisorName }) => hypervisorName),
      incarnation: TOKEN,
      madeWith: plan.madeWith,
    });
    expect(networkEnvironment(plan, TOKEN)).toMatchObject({ MADE_WITH_NETWORKS_MAST_CIDR: "192.168.1.0/24" });
  });

  it("carries the host-only interface", () => {
    const withHostOnly = referencePlan({ hypervisor: "virtualbox", hostAccess: { mode: "hostonly" } });
    const { hostOnly } = readNetworkSpecification(networkEnvironment(withHostOnly, TOKEN));
    expect(hostOnly).toEqual({ address: "192.168.56.1", prefixLength: 24 });
    const named = { mode: "hostonly", adapter: "vboxnet3" };
    const withName = referencePlan({ hypervisor: "virtualbox", hostAccess: named });
    expect(readNetworkSpecification(networkEnvironment(withName, TOKEN)).hostOnly?.name).toBe("vboxnet3");
    const adapter = (lab: typeof plan) => machineEnvironment(lab, gatewayOf(lab), IMAGE, TOKEN).ADAPTER_6;
    expect(adapter(withHostOnly)).toMatch(/^hostonly 192\.168\.56\.1\/24 08:00:27/);
    expect(adapter(withName)).toMatch(/^hostonly vboxnet3 08:00:27/);
  });
});

describe("a wrong specification", () => {
  it("is refused with every problem at once, each with name, value and what is allowed", () => {
    const problems = problemsOf(() =>
      readMachineSpecification({
        HYPERVISOR: "vmware",
        GROUP: "kube-lab",
        MACHINE: "a/b",
        IMAGE,
        CPUS: "two",
        MEMORY_MIB: "64",
        DATA_DISK_GIB: "0",
        ADAPTER_1: "nat",
        ADAPTER_3: "internal x 08:00:27:00:00:01",
        FORWARD_SSH: "2222",
      }),
    );
    const named = (name: string) =>
      problems.some((problem) => problem.startsWith(`${name} `) && problem.includes("; allowed is "));
    const wrong = [
      "HYPERVISOR",
      "GROUP",
      "MACHINE",
      "CPUS",
      "MEMORY_MIB",
      "DATA_DISK_GIB",
      "ADAPTER_1",
      "ADAPTER_3",
      "FORWARD_SSH",
      "INCARNATION",
      "HOST_KEY",
    ];
    expect(wrong.filter((name) => !named(name))).toEqual([]);
    expect(problems.find((problem) => problem.startsWith("CPUS"))).toContain('"two"');
  });

  it("includes a forward without NAT and host-only without an address", () => {
    const machine = {
      HYPERVISOR: "virtualbox",
      GROUP: "/kube-lab/dev",
      MACHINE: "m",
      IMAGE,
      CPUS: "1",
      MEMORY_MIB: "512",
      INCARNATION: TOKEN,
      HOST_KEY,
      ADAPTER_1: "internal x 08:00:27:00:00:01",
      FORWARD_SSH: "127.0.0.1:2222 -> 10.0.2.15:22",
    };
    expect(problemsOf(() => readMachineSpecification(machine))).toEqual([
      expect.stringContaining("FORWARD_"),
    ]);
    const network = {
      HYPERVISOR: "virtualbox",
      GROUP: "/kube-lab/dev",
      HOST_INTERFACE: "vboxnet0",
      HOST_ADDRESS: "192.168.256.1",
      INCARNATION: TOKEN,
    };
    expect(problemsOf(() => readNetworkSpecification(network))).toHaveLength(2);
  });
});
