import { defaultConfiguration, parseConfiguration } from "../../../plan/config/configuration";
import { type LabPlan, type MachinePlan, machinesOf } from "../../../plan/lab-plan";
import { planLab } from "../../../plan/plan";

type Raw = Record<string, unknown>;

const lab = (raw: Raw = {}, stack = "dev"): LabPlan =>
  planLab(parseConfiguration(raw, undefined, stack), stack);
const macsOf = (plan: LabPlan) => plan.machines.flatMap(({ adapters }) => adapters.map(({ mac }) => mac));
const forwardsOf = (plan: LabPlan) =>
  plan.machines.flatMap(({ adapters }) => adapters.flatMap((a) => (a.kind === "nat" ? a.forwards : [])));
const isUnique = (values: unknown[]) => new Set(values).size === values.length;

/** The machine of that name; a test of what is not there should say so. */
function machine(plan: LabPlan, name: string): MachinePlan {
  const found = plan.machines.find((candidate) => candidate.name === name);
  if (found === undefined) throw new Error(`no machine ${name}`);
  return found;
}

describe("the reference lab", () => {
  const plan = lab();

  test("has its twelve machines, in order", () => {
    expect(
      plan.machines.map(({ name, address, cpus, memoryMiB }) => [name, address, cpus, memoryMiB]),
    ).toEqual([
      ["gate-node01", "192.168.4.254", 1, 512],
      ["hapx-node01", "192.168.4.10", 1, 512],
      ["hapx-node02", "192.168.4.11", 1, 512],
      ["kube-mast01", "192.168.1.10", 2, 2048],
      ["kube-mast02", "192.168.1.11", 2, 2048],
      ["kube-mast03", "192.168.1.12", 2, 2048],
      ["kube-node01", "192.168.2.10", 2, 2048],
      ["kube-node02", "192.168.2.11", 2, 2048],
      ["kube-node03", "192.168.2.12", 2, 2048],
      ["glus-node01", "192.168.3.10", 2, 2048],
      ["glus-node02", "192.168.3.11", 2, 2048],
      ["glus-node03", "192.168.3.12", 2, 2048],
    ]);
  });

  test("gives only Gluster machines a data disk", () => {
    expect(machinesOf(plan, "gluster").map(({ dataDiskGiB }) => dataDiskGiB)).toEqual([500, 500, 500]);
    expect(plan.machines.filter((m) => "dataDiskGiB" in m)).toHaveLength(3);
  });

  test("gives the gateway NAT first, then every subnet, without a router of its own there", () => {
    const { adapters } = machine(plan, "gate-node01");
    expect(adapters.map((a) => (a.kind === "internal" ? a.subnet : a.kind))).toEqual([
      "nat",
      "mast",
      "node",
      "glus",
      "dmz",
    ]);
    expect(adapters[0]).toMatchObject({ address: "10.0.2.15", gateway: "10.0.2.2", prefixLength: 24 });
    expect(adapters[4]).not.toHaveProperty("gateway");
    expect(adapters[4]).not.toHaveProperty("resolvers");
  });

  test("gives any other machine one adapter, routed and resolved by the gateway", () => {
    expect(machine(plan, "kube-node02").adapters).toEqual([
      {
        kind: "internal",
        subnet: "node",
        internalNetwork: "kube-lab-dev-node",
        mac: expect.stringMatching(/^08:00:27(:[0-9a-f]{2}){3}$/),
        address: "192.168.2.11",
        prefixLength: 24,
        gateway: "192.168.2.254",
        resolvers: ["192.168.2.254"],
      },
    ]);
  });

  test("forwards a fourth where there is a dashboard, to the virtual address", () => {
    const plan = lab({ addons: { headlamp: { enabled: true } } });
    expect(forwardsOf(plan).at(-1)).toEqual({
      name: "dashboard",
      hostAddress: "127.0.0.1",
      hostPort: 4466,
      guestPort: 30082,
      target: { address: plan.virtualIp, port: 30082 },
    });
  });

  test("forwards the host's three ports", () => {
    const to = (port: number) => ({ address: "192.168.4.20", port });
    expect(forwardsOf(plan)).toEqual([
      { name: "api", hostAddress: "127.0.0.1", hostPort: 18080, guestPort: 6443, target: to(6443) },
      { name: "ssh", hostAddress: "127.0.0.1", hostPort: 2222, guestPort: 22 },
      { name: "statistics", hostAddress: "127.0.0.1", hostPort: 32700, guestPort: 32700, target: to(32700) },
    ]);
  });

  test("forwards the applications' ports where Traefik is on", () => {
    const to = (port: number) => ({ address: "192.168.4.20", port });
    const on = lab({ addons: { traefik: { enabled: true } }, hostAccess: { httpsPort: 9443 } });
    expect(forwardsOf(on).slice(3)).toEqual([
      { name: "http", hostAddress: "127.0.0.1", hostPort: 8000, guestPort: 80, target: to(80) },
      { name: "https", hostAddress: "127.0.0.1", hostPort: 9443, guestPort: 443, target: to(443) },
    ]);
  });

  test("names what is the hypervisor's after the stack", () => {
    expect(plan.group).toBe("/kube-lab/dev");
    expect(machine(plan, "kube-mast01").hypervisorName).toBe("kube-lab-dev-kube-mast01");
    expect(plan.subnets.glus.internalNetwork).toBe("kube-lab-dev-glus");
  });

  test("knows the addresses that Kubernetes derives", () => {
    expect(plan.kubernetes).toMatchObject({
      apiServiceAddress: "10.96.0.1",
      dnsServiceAddress: "10.96.0.10",
      controlPlaneEndpoint: "192.168.4.20:6443",
    });
    expect(plan.certificates).toMatchObject({ authorityHours: 87600, leafHours: 8760, renewalHours: 1440 });
  });
});

describe("choices", () => {
  test("hostonly adds an adapter to the gateway, at the end", () => {
    const { adapters } = machine(lab({ hostAccess: { mode: "hostonly" } }), "gate-node01");
    expect(adapters).toHaveLength(6);
    expect(adapters[5]).toMatchObject({
      kind: "hostonly",
      address: "192.168.56.254",
      prefixLength: 24,
      hostAddress: "192.168.56.1",
    });
  });

  test("bridged adds the host's adapter that is named, addressed by the LAN", () => {
    const { adapters } = machine(lab({ hostAccess: { mode: "bridged", adapter: "eth0" } }), "gate-node01");
    expect(adapters[5]).toEqual({ kind: "bridged", hostInterface: "eth0", mac: expect.any(String) });
  });

  test("bridged takes an address on the LAN, and those whom it lets in, from the configuration", () => {
    const bridged = { address: "192.168.178.50/24", trusted: "192.168.178.0/28" };
    const { adapters } = machine(
      lab({ hostAccess: { mode: "bridged", adapter: "eth0", bridged } }),
      "gate-node01",
    );
    expect(adapters[5]).toMatchObject({
      address: "192.168.178.50",
      prefixLength: 24,
      trusted: "192.168.178.0/28",
    });
  });

  test("all machines go to the LAN by an adapter of their own, beside the lab's network", () => {
    const plan = lab({ hostAccess: { mode: "bridged", adapter: "eth0", bridged: { machines: "all" } } });
    for (const { adapters } of plan.machines.slice(1)) {
      expect(adapters.map(({ kind }) => kind)).toEqual(["internal", "bridged"]);
      expect(adapters[1]).toEqual({ kind: "bridged", hostInterface: "eth0", mac: expect.any(String) });
    }
    const macs = macsOf(plan);
    expect(new Set(macs).size).toBe(macs.length);
    expect(macsOf(lab()).filter((mac) => !macs.includes(mac))).toEqual([]);
  });

  test("static addresses on the LAN stay with their machines, whatever comes and goes beside them", () => {
    const range = { from: "10.9.8.20", to: "10.9.8.99" };
    const bridged = { machines: "all", address: "10.9.8.7/24", range };
    const addresses = (more: object) =>
      Object.fromEntries(
        lab({ hostAccess: { mode: "bridged", adapter: "eth0", bridged }, ...more })
          .machines.slice(1)
          .map(({ name, adapters }) => {
            const [, lan] = adapters;
            return [name, lan?.kind === "bridged" ? `${lan.address}/${lan.prefixLength}` : lan?.kind];
          }),
      );
    const reference = addresses({});
    expect(reference).toMatchObject({
      "hapx-node01": "10.9.8.20/24",
      "kube-mast01": "10.9.8.21/24",
      "kube-node01": "10.9.8.22/24",
      "glus-node01": "10.9.8.23/24",
      "hapx-node02": "10.9.8.24/24",
      "kube-node03": "10.9.8.30/24",
    });
    expect(new Set(Object.values(reference)).size).toBe(11);
    const { "glus-node01": _one, "glus-node02": _two, "glus-node03": _three, ...others } = reference;
    expect(addresses({ workers: { count: 9 }, gluster: { count: 0 } })).toMatchObject(others);
  });

  test("each stack has a host-only network of its own, within what VirtualBox permits", () => {
    const stacks = ["dev", "other", "third", "a", "b", "c"];
    const cidrs = stacks.map((stack) => defaultConfiguration(stack).hostAccess.hostOnly.cidr);
    expect(cidrs[0]).toBe("192.168.56.0/24");
    for (const cidr of cidrs.slice(1)) expect(cidr).toMatch(/^192\.168\.(57|58|59|60|61|62|63)\.0\/24$/);
    expect(new Set(cidrs).size).toBeGreaterThan(3);
  });

  test("neither changes the MAC addresses there are", () => {
    const bridged = lab({ hostAccess: { mode: "bridged", adapter: "eth0" } });
    expect(macsOf(bridged).filter((mac) => !macsOf(lab()).includes(mac))).toHaveLength(1);
  });

  test("the stand-in asks nothing outside", () => {
    expect(lab({ hypervisor: "embedded" })).toMatchObject({ upstreamResolvers: [], timeServers: [] });
    expect(lab().upstreamResolvers).not.toEqual([]);
  });

  test("machines from the hundredth on have three digits", () => {
    const { machines } = lab({ workers: { count: 110 }, kubernetes: { podSubnet: "10.244.0.0/16" } });
    expect(machines.map(({ name }) => name)).toEqual(
      expect.arrayContaining(["kube-node09", "kube-node99", "kube-node110"]),
    );
  });
});

describe("a lab of any size", () => {
  const sizes = [1, 3, 5].flatMap((masters) =>
    [0, 1, 7, 120].flatMap((workers) =>
      [0, 3, 50].flatMap((gluster) =>
        [1, 2, 10].map((loadBalancers) => ({ masters, workers, gluster, loadBalancers })),
      ),
    ),
  );

  test.each(sizes)(
    "$masters masters, $workers workers, $gluster Gluster, $loadBalancers load balancers: no duplicates",
    (size) => {
      const counts = Object.fromEntries(Object.entries(size).map(([role, count]) => [role, { count }]));
      const plan = lab(counts);
      const addresses = plan.machines.flatMap(({ adapters }) =>
        adapters.map((a) => ("address" in a ? a.address : "")),
      );
      expect(plan.machines).toHaveLength(1 + size.masters + size.workers + size.gluster + size.loadBalancers);
      expect(isUnique(macsOf(plan))).toBe(true);
      expect(isUnique([...addresses, plan.virtualIp])).toBe(true);
      expect(isUnique(plan.machines.map(({ name }) => name))).toBe(true);
      expect(isUnique(forwardsOf(plan).map(({ hostPort }) => hostPort))).toBe(true);
      expect(isUnique(forwardsOf(plan).map(({ guestPort }) => guestPort))).toBe(true);
    },
  );

  const grown = ["workers", "masters", "gluster", "loadBalancers"] as const;
  test.each(grown)("changes no other machine when there is one more of %s", (role) => {
    const counts = {
      workers: [0, 1, 3, 50, 99],
      masters: [1, 3],
      gluster: [3, 4, 20],
      loadBalancers: [1, 2, 9],
    }[role];
    for (const count of counts) {
      const more = role === "masters" ? count + 2 : count + 1;
      const before = lab({ [role]: { count } });
      const after = lab({ [role]: { count: more } });
      for (const known of before.machines) {
        expect(machine(after, known.name)).toEqual(known);
      }
      expect({ ...after, machines: [] }).toEqual({ ...before, machines: [] });
      expect(after.machines).toHaveLength(before.machines.length + more - count);
    }
  });

  test("changes one machine's size only where it was set", () => {
    const before = lab();
    const after = lab({ workers: { cpus: 4 } });
    const changed = after.machines.filter((m, i) => JSON.stringify(m) !== JSON.stringify(before.machines[i]));
    expect(changed.map(({ name, cpus }) => [name, cpus])).toEqual([
      ["kube-node01", 4],
      ["kube-node02", 4],
      ["kube-node03", 4],
    ]);
  });
});

describe("two labs side by side", () => {
  const [one, two] = [lab({}, "dev"), lab({}, "other")];
  const both = (of: (plan: LabPlan) => unknown[]) => [...of(one), ...of(two)];

  test("share no MAC address", () => expect(isUnique(both(macsOf))).toBe(true));
  test("share no name in the hypervisor", () =>
    expect(isUnique(both((plan) => plan.machines.map(({ hypervisorName }) => hypervisorName)))).toBe(true));
  test("share no internal network", () =>
    expect(isUnique(both((plan) => Object.values(plan.subnets).map((s) => s.internalNetwork)))).toBe(true));
  test("share no port of the host", () =>
    expect(isUnique(both((plan) => forwardsOf(plan).map(({ hostPort }) => hostPort)))).toBe(true));
  test("share no group", () => expect(one.group).not.toBe(two.group));
});

describe("the user's own forwards", () => {
  const configured = (...forwards: string[]) => ({ hostAccess: { forwards } });
  const ownOf = (plan: LabPlan) => forwardsOf(plan).filter(({ about }) => about !== undefined);

  test("lead from the host by the gateway to a machine, or to an address of the lab's", () => {
    expect(ownOf(lab(configured("8088:kube-node02:30081", "8090:192.168.2.200:80")))).toEqual([
      {
        name: "port8088",
        hostAddress: "127.0.0.1",
        hostPort: 8088,
        guestPort: 8088,
        target: { address: "192.168.2.11", port: 30081 },
        about: "kube-node02:30081",
      },
      expect.objectContaining({ name: "port8090", target: { address: "192.168.2.200", port: 80 } }),
    ]);
  });

  test("are those of the configuration first, and of what was added to the living lab all that still fits", () => {
    const added = (hostPort: number, target = "192.168.2.200") => ({
      ...{ hostPort, target, port: 80, about: `default/web${hostPort}:80` },
    });
    const given = [added(8088), added(8089), added(18080), added(6443), added(8092, "kube-node04")];
    const plan = planLab(parseConfiguration(configured("8088:kube-node01:30081")), "dev", given);
    expect(ownOf(plan).map(({ hostPort, about }) => [hostPort, about])).toEqual([
      [8088, "kube-node01:30081"],
      [8089, "default/web8089:80"],
    ]);
    expect(isUnique(forwardsOf(plan).map(({ guestPort }) => guestPort))).toBe(true);
  });
});
