import { parseConfiguration } from "../../../plan/config/configuration";
import { machinesOf } from "../../../plan/lab-plan";
import { planLab } from "../../../plan/plan";
import { problemsOf } from "./problems-of";

const workersOf = (workers: Record<string, unknown>) =>
  machinesOf(planLab(parseConfiguration({ hypervisor: "virtualbox", workers }), "dev"), "worker");

test("one worker has what the configuration gives it, the others what it gives to all", () => {
  const own = {
    memoryMiB: 4096,
    labels: { "example.com/disk": "ssd" },
    taints: ["example.com/for=db:NoSchedule"],
  };
  const workers = workersOf({ cpus: 3, machines: { "kube-node02": own } });
  expect(workers.map(({ cpus, memoryMiB }) => [cpus, memoryMiB])).toEqual([
    [3, 2048],
    [3, 4096],
    [3, 2048],
  ]);
  expect(workers.map(({ labels, taints }) => ({ labels, taints }))).toEqual([
    {},
    {
      labels: { "example.com/disk": "ssd" },
      taints: [{ key: "example.com/for", value: "db", effect: "NoSchedule" }],
    },
    {},
  ]);
});

test("what pulumi config set stores is read as what is meant", () => {
  const own = { cpus: "4", labels: { gpu: true, generation: 2 }, taints: "a:NoExecute, b=:PreferNoSchedule" };
  expect(workersOf({ machines: { "kube-node01": own } })[0]).toMatchObject({
    cpus: 4,
    labels: { gpu: "true", generation: "2" },
    taints: [
      { key: "a", effect: "NoExecute" },
      { key: "b", effect: "PreferNoSchedule" },
    ],
  });
});

test("all that is wrong is named at once, each with its key", () => {
  const wrong = {
    "kube-node09": {},
    "kube-mast01": {},
    "kube-node01": {
      cpus: 0,
      memoryMiB: "much",
      disks: 2,
      labels: "ssd",
      taints: [7, "a=b:Never", "a:NoExecute", "a:NoExecute"],
    },
    "kube-node02": {
      labels: { "-a": "b", "kubernetes.io/hostname": "x", "kube-lab/role": "x", c: "not one", d: ["x"] },
    },
    "kube-node03": 4,
  };
  const found = problemsOf({ workers: { machines: wrong } });
  expect(Object.fromEntries(found.map(({ key, reason }) => [key, reason]))).toEqual({
    "workers.machines.kube-node09": "no worker of the lab is called kube-node09",
    "workers.machines.kube-mast01": "it is no worker",
    "workers.machines.kube-node01.cpus": "it is out of range",
    "workers.machines.kube-node01.memoryMiB": "it is out of range",
    "workers.machines.kube-node01.disks": "there is no such key",
    "workers.machines.kube-node01.labels": "it is no map",
    "workers.machines.kube-node01.taints[0]": "it is no taint",
    "workers.machines.kube-node01.taints[1]": "it is no taint",
    "workers.machines.kube-node01.taints[3]": "a node has each key once with an effect",
    'workers.machines.kube-node02.labels["-a"]': "-a is no key",
    'workers.machines.kube-node02.labels["kubernetes.io/hostname"]':
      "kubernetes.io/hostname is set by the cluster or the lab itself",
    'workers.machines.kube-node02.labels["kube-lab/role"]':
      "kube-lab/role is set by the cluster or the lab itself",
    'workers.machines.kube-node02.labels["c"]': "it is no label's value",
    'workers.machines.kube-node02.labels["d"]': "it is no label's value",
    "workers.machines.kube-node03": "it is no object",
  });
});

test("a host that is too small for one worker of its own says so of that one", () => {
  const host = { cpus: 4, memoryMiB: 32768, diskGiB: 500 };
  const find = (machine: object) =>
    problemsOf({ hypervisor: "virtualbox", workers: { machines: { "kube-node02": machine } } }, host);
  expect(find({ cpus: 8 })).toMatchObject([{ key: "workers.machines.kube-node02.cpus", value: 8 }]);
  expect(find({ memoryMiB: 30000 })).toMatchObject([
    {
      key: "workers.machines.kube-node02.memoryMiB",
      reason: expect.stringContaining("workers 2 × 2048, workers.machines.kube-node02 1 × 30000"),
    },
  ]);
  expect(find({ cpus: 4, memoryMiB: 4096 })).toEqual([]);
});
