import { kubeletSettingsDigest } from "../../../cloud-init/kubernetes/settings";
import { allRunning, labOf, nothingThere, planOf, runningAs } from "./lab-in-test";
import type { Registered } from "./registered";

const plan = planOf();
const roles: [string, string][] = [
  ["lab-load-balancers", "hapx-node"],
  ["lab-masters", "kube-mast"],
  ["lab-gluster", "glus-node"],
];

/** Of the machines' way to the host: by it they are asked before they are changed. */
const keysOfTheWay = ["lab-pki-gate-node01-host-key", "lab-pki-user-key"];

describe("a new lab", () => {
  let resources: Registered[];
  let resource: (name: string) => Registered;
  beforeAll(async () => {
    ({ resources, resource } = await labOf(plan));
  });

  test("no machine waits for another machine", () => {
    const machines = resources.filter(({ name }) => name.endsWith("-hardware"));
    expect(machines).toHaveLength(12);
    for (const { name, dependencies } of machines) {
      const own = name.replace(/-hardware$/, "-seed");
      const hostKey = `lab-pki-${name.replace(/^lab-(?:gateway|load-balancers|masters|workers|gluster)-|-hardware$/g, "")}-host-key`;
      const keys = name.includes("gate-node01") ? [hostKey] : [hostKey, ...keysOfTheWay];
      const disk = name.startsWith("lab-gluster-") ? [name.replace(/-hardware$/, "-data-disk")] : [];
      expect(dependencies).toEqual(["lab-image-template", ...keys, own, ...disk].sort());
    }
  });

  test("no seed waits for more than the lab's folder, keys and passwords", () => {
    const seeds = resources.filter(({ name }) => name.endsWith("-seed"));
    const allowed = /^lab-(network-host|pki-.*|secrets-.*)$/;
    expect(seeds.flatMap(({ dependencies }) => dependencies).filter((name) => !allowed.test(name))).toEqual(
      [],
    );
  });

  test("no node takes a place in the engine before every machine is started, or before the gateway's", () => {
    const hardware = resources.map(({ name }) => name).filter((name) => name.endsWith("-hardware"));
    const gateway = "lab-gateway-gate-node01-node-apply";
    const nodes = resources.filter(({ type }) => type === "command:remote:Command");
    for (const { name, dependencies } of nodes) {
      expect(dependencies).toEqual(expect.arrayContaining(hardware));
      expect(dependencies.filter((other) => other.endsWith("-apply"))).toEqual(
        name === gateway ? [] : [gateway],
      );
    }
  });

  test("the seeds are sealed when every node has converged", () => {
    const nodes = resources.map(({ name }) => name).filter((name) => name.endsWith("-node-apply"));
    expect(resource("lab-seal").dependencies).toEqual(nodes.sort());
  });

  test("a data disk waits for the lab's folder alone, and for nothing that makes its machine anew", () => {
    const disks = resources.filter(({ name }) => name.endsWith("-data-disk"));
    expect(disks.map(({ dependencies }) => dependencies)).toEqual(disks.map(() => ["lab-network-host"]));
    expect(disks.map(({ inputs }) => inputs)).toEqual(
      ["01", "02", "03"].map((number) =>
        expect.objectContaining({
          environment: {
            HYPERVISOR: "virtualbox",
            GROUP: "/kube-lab/dev",
            MACHINE: `kube-lab-dev-glus-node${number}`,
            DATA_DISK_GIB: "500",
          },
        }),
      ),
    );
    expect(disks.filter(({ inputs }) => inputs.triggers !== undefined)).toEqual([]);
  });

  test("seeds deliver everything", () => {
    const seeds = resources.filter(({ name }) => name.endsWith("-seed"));
    expect(seeds.filter(({ ignoreChanges }) => ignoreChanges.includes("stdin"))).toEqual([]);
  });
});

describe("a lab that runs", () => {
  let resource: (name: string) => Registered;
  beforeAll(async () => {
    ({ resource } = await labOf(plan, { observations: allRunning(plan) }));
  });

  test.each(roles)("%s are changed one after the other", (role, prefix) => {
    const [first, second] = [`${role}-${prefix}01-node-apply`, `${role}-${prefix}02-node-apply`];
    expect(resource(second).dependencies).toContain(first);
    expect(resource(`${role}-${prefix}02-hardware`).dependencies).toContain(first);
    expect(resource(`${role}-${prefix}01-hardware`).dependencies).not.toContain(second);
  });

  test("no machine is changed while its node could not leave through the gateway", () => {
    for (const name of ["lab-workers-kube-node01-hardware", "lab-masters-kube-mast01-hardware"])
      expect(resource(name).dependencies).toContain("lab-gateway-gate-node01-node-apply");
  });

  const workersBefore = (found: Registered) =>
    found.dependencies.filter((other) => /kube-node.*-node-apply/.test(other));

  test("workers that only get files get them at the same time", () => {
    for (const name of ["lab-workers-kube-node02-node-apply", "lab-workers-kube-node02-hardware"])
      expect(workersBefore(resource(name))).toEqual([]);
  });

  test.each([1, 2])("workers whose hardware is to be changed are so in turn, %s at once", async (atOnce) => {
    const [before, wanted] = [
      planOf({ workers: { count: 4 } }),
      planOf({ workers: { count: 4, atOnce, cpus: 4 } }),
    ];
    const lab = await labOf(wanted, { observations: runningAs(before) });
    for (const [index, expected] of [
      [1 + atOnce, 1],
      [2 + atOnce, 2],
    ])
      expect(workersBefore(lab.resource(`lab-workers-kube-node0${index}-hardware`))).toEqual([
        `lab-workers-kube-node0${expected}-node-apply`,
      ]);
    expect(workersBefore(lab.resource("lab-workers-kube-node01-hardware"))).toEqual([]);
    const same = await labOf(before, { observations: runningAs(before) });
    expect(workersBefore(same.resource("lab-workers-kube-node02-hardware"))).toEqual([]);
  });

  test("workers whose kubelets get other settings are so in turn, after the masters", async () => {
    const wanted = planOf({ workers: { count: 3 }, kubernetes: { kubelet: { maxPods: 50 } } });
    const saying = (settings: string) =>
      new Map(
        [...runningAs(wanted)].map(([name, seen]) => [
          name,
          { ...seen, inside: { since: 1764145000, faults: [], kubernetes: "1.36.3", settings } },
        ]),
      );
    const lab = await labOf(wanted, { observations: saying("0123456789ab") });
    const node02 = lab.resource("lab-workers-kube-node02-node-apply");
    expect(workersBefore(node02)).toEqual(["lab-workers-kube-node01-node-apply"]);
    expect(node02.dependencies).toContain("lab-masters-kube-mast03-node-apply");
    const same = await labOf(wanted, { observations: saying(kubeletSettingsDigest(wanted)) });
    const alone = same.resource("lab-workers-kube-node02-node-apply");
    expect(workersBefore(alone)).toEqual([]);
    expect(alone.dependencies).not.toContain("lab-masters-kube-mast03-node-apply");
  });

  test("nodes wait for no other machine's hardware", () => {
    const { dependencies } = resource("lab-masters-kube-mast02-node-apply");
    expect(dependencies.filter((name) => name.endsWith("-hardware"))).toEqual([
      "lab-masters-kube-mast02-hardware",
    ]);
  });

  test("changed files do not come by a new seed", () => {
    expect(resource("lab-masters-kube-mast02-seed").ignoreChanges).toEqual(["stdin"]);
  });
});

test("what is broken inside makes only that machine's node converge again, and says why", async () => {
  const observations = allRunning(plan);
  const well = await labOf(plan, { observations: allRunning(plan) });
  const running = observations.get("gate-node01");
  const inside = {
    since: 1764145000,
    faults: ["dnsmasq.service is stopped", "/etc/dnsmasq.conf is missing"],
  };
  if (running) observations.set("gate-node01", { ...running, inside });
  const silent = observations.get("kube-node01");
  if (silent) observations.set("kube-node01", { ...silent, inside: "no answer" });
  const { resources } = await labOf(plan, { observations });
  const nodes = resources.filter(({ name }) => name.endsWith("-node-apply"));
  for (const { name, inputs, ignoreChanges } of nodes) {
    const broken = name === "lab-gateway-gate-node01-node-apply";
    // The state's own text stays, whatever the last reason was.
    expect(ignoreChanges).toEqual(broken ? [] : ["update"]);
    if (broken)
      expect(inputs.update).toBe(
        "sudo kube-lab apply --because 'dnsmasq.service is stopped, /etc/dnsmasq.conf is missing (since 2025-11-26T08:16:40Z)'",
      );
  }
  const seeds = (lab: typeof well) =>
    lab.resources.filter(({ name }) => name.endsWith("-hardware")).map(({ inputs }) => inputs);
  expect(seeds({ ...well, resources })).toEqual(seeds(well));
});

test("a machine that is missing is started at once, and the others' nodes wait until it is", async () => {
  const observations = allRunning(plan);
  const missing = nothingThere(plan).get("kube-mast02");
  if (missing) observations.set("kube-mast02", missing);
  const { resource } = await labOf(plan, { observations });
  expect(resource("lab-masters-kube-mast02-hardware").dependencies).toEqual([
    "lab-image-template",
    "lab-masters-kube-mast02-seed",
    "lab-pki-gate-node01-host-key",
    "lab-pki-kube-mast02-host-key",
    "lab-pki-user-key",
  ]);
  expect(resource("lab-masters-kube-mast02-seed").ignoreChanges).toEqual([]);
  expect(resource("lab-masters-kube-mast01-node-apply").dependencies).toContain(
    "lab-masters-kube-mast02-hardware",
  );
});

test("a machine that somebody changed by hand gets a whole new seed, in its turn", async () => {
  const observations = allRunning(plan);
  const changed = {
    state: "running" as const,
    changed: ["cpus"],
    incarnation: "2026-11-21T04:33:10Z changed: cpus",
  };
  observations.set("kube-mast02", changed);
  const { resource } = await labOf(plan, { observations });
  expect(resource("lab-masters-kube-mast02-seed").ignoreChanges).toEqual([]);
  expect(resource("lab-masters-kube-mast02-hardware").dependencies).toContain(
    "lab-masters-kube-mast01-node-apply",
  );
  for (const role of ["seed", "hardware"]) {
    const { environment } = resource(`lab-masters-kube-mast02-${role}`).inputs;
    expect(environment).toMatchObject({ INCARNATION: changed.incarnation });
  }
  expect(resource("lab-seal").inputs.environment).toMatchObject({
    SEED_KUBE_MAST02: `kube-lab-dev-kube-mast02 ${changed.incarnation}`,
  });
});

describe("what goes", () => {
  let resources: Registered[];
  beforeAll(async () => {
    ({ resources } = await labOf(plan));
  });

  test("only nodes are left alone when the whole lab goes, and the lab is what the network's folder stands for", () => {
    for (const { name, deletedWith } of resources)
      expect(deletedWith).toBe(/-node-(apply|leave)$/.test(name) ? "lab-network-host" : "");
  });

  test("what can be there only once goes before it comes again", () => {
    const once = resources.filter(({ deleteBeforeReplace }) => deleteBeforeReplace).map(({ name }) => name);
    expect(once.sort()).toEqual(
      resources
        .map(({ name }) => name)
        .filter((name) => /-(hardware|apply|leave)$/.test(name))
        .sort(),
    );
  });

  test("whoever may have joined can leave, through the gateway, before its machine goes", () => {
    for (const { name, dependencies } of resources.filter(({ name }) => name.endsWith("-node-apply"))) {
      const leave = name.replace(/apply$/, "leave");
      if (name.includes("gate-node01")) continue;
      expect(dependencies).toContain(leave);
      const { dependencies: before = [], inputs } = resources.find((each) => each.name === leave) ?? {};
      const hardware = name.replace(/node-apply$/, "hardware");
      expect(before).toEqual(expect.arrayContaining([hardware, "lab-gateway-gate-node01-node-apply"]));
      expect(inputs?.triggers).toEqual([`${hardware}-id`]);
    }
  });

  test("a node comes and goes with its machine, a machine with its image and its host key", () => {
    const hardware = resources.find(({ name }) => name === "lab-workers-kube-node01-hardware");
    const node = resources.find(({ name }) => name === "lab-workers-kube-node01-node-apply");
    expect(hardware?.inputs.triggers).toEqual([
      "kube-lab-image-0a1b2c3d4e5f",
      "SHA256:lab-pki-kube-node01-host-key",
    ]);
    expect(node?.inputs.triggers).toEqual(["lab-workers-kube-node01-hardware-id"]);
  });
});
