import { parseConfiguration } from "../../../plan/config/configuration";
import { rawConfiguration } from "../../../plan/config/stack-configuration";
import { problemsOf, refusal } from "./problems-of";

const keysOf = (raw: Record<string, unknown>) => problemsOf(raw).map(({ key }) => key);

describe("parseConfiguration", () => {
  test("is the reference lab when nothing is set", () => {
    const configuration = parseConfiguration({});
    expect(configuration.masters).toEqual({ count: 3, cpus: 2, memoryMiB: 2048 });
    expect(configuration.networks.node).toEqual({
      cidr: "192.168.2.0/24",
      gateway: "192.168.2.254",
      firstAddress: "192.168.2.10",
      dhcp: { from: "192.168.2.130", to: "192.168.2.199" },
      servicePool: { from: "192.168.2.200", to: "192.168.2.250" },
    });
    expect(configuration.loadBalancers.virtualIp).toBe("192.168.4.20");
    expect(configuration.hostAccess).toMatchObject({ apiPort: 18080, sshPort: 2222, statisticsPort: 32700 });
  });

  test("keeps the other defaults of a group of which one key is set", () => {
    expect(parseConfiguration({ workers: { count: 5 } }).workers).toEqual({
      count: 5,
      atOnce: 1,
      machines: {},
      notStarted: [],
      cpus: 2,
      memoryMiB: 2048,
    });
  });

  test("takes numbers that are written as text", () => {
    expect(parseConfiguration({ workers: { count: "5" }, hostAccess: { sshPort: "2200" } })).toMatchObject({
      workers: { count: 5 },
      hostAccess: { sshPort: 2200 },
    });
  });

  test("takes a list that is written as text with commas", () => {
    const { upstreamResolvers } = parseConfiguration({ upstreamResolvers: "10.1.1.1, 10.1.1.2" });
    expect(upstreamResolvers).toEqual(["10.1.1.1", "10.1.1.2"]);
  });

  test("moves every address of a subnet with the subnet", () => {
    expect(parseConfiguration({ networks: { dmz: { cidr: "10.7.0.0/16" } } })).toMatchObject({
      loadBalancers: { virtualIp: "10.7.0.20" },
      networks: {
        dmz: {
          gateway: "10.7.255.254",
          firstAddress: "10.7.0.10",
          dhcp: { from: "10.7.0.130", to: "10.7.255.253" },
        },
      },
    });
  });

  const networks = ["mast", "node", "glus", "dmz"];
  const prefixes = Array.from({ length: 28 - 8 + 1 }, (_, i) => 8 + i);
  test.each(networks)("lays out a subnet of any size without a clash: %s", (name) => {
    for (const prefix of prefixes) {
      expect(problemsOf({ networks: { [name]: { cidr: `11.0.0.0/${prefix}` } } })).toEqual([]);
    }
  });

  test("gives another stack than dev other ports of the host, always the same", () => {
    const ports = (stack: string) => {
      const { hostAccess } = parseConfiguration({}, undefined, stack);
      const { apiPort, sshPort, statisticsPort, httpPort, httpsPort } = hostAccess;
      return [apiPort, sshPort, statisticsPort, httpPort, httpsPort];
    };
    expect(ports("other")).toEqual(ports("other"));
    expect(new Set([...ports("dev"), ...ports("other"), ...ports("third")]).size).toBe(15);
  });

  test("leaves what it is given as it was", () => {
    const raw = { masters: { count: 2, colour: "red" } };
    problemsOf(raw);
    expect(raw).toEqual({ masters: { count: 2, colour: "red" } });
  });

  test("says nothing about a host that is large enough", () => {
    expect(problemsOf({}, { memoryMiB: 24000, diskGiB: 100, cpus: 2 })).toEqual([]);
  });
});

describe("several problems", () => {
  test("are told at once, in one error that is legible", () => {
    const error = refusal({ masters: { count: 2 }, hypervisor: "vmware", workrs: { count: 1 } });
    expect(error?.message.split("\n")).toEqual([
      "the configuration has 3 problems:",
      '  kube-lab:hypervisor = "vmware": it is not one of the allowed values',
      "    allowed: auto, virtualbox, embedded",
      "    fix:     pulumi config set hypervisor virtualbox",
      "  kube-lab:masters.count = 2: an even number survives no more losses than one less, and splits in halves",
      "    allowed: 1, 3 or 5",
      "    fix:     pulumi config set --path masters.count 3",
      '  kube-lab:workrs = {"count":1}: there is no such key; the nearest is workers',
      expect.stringMatching(/^ {4}allowed: the keys hypervisor, domain, /),
      "    fix:     call it workers in the stack's configuration file",
    ]);
  });

  test("are found between fields that are right while others are wrong", () => {
    const keys = keysOf({
      masters: { count: 2 },
      domain: "Wrong",
      networks: { glus: { cidr: "192.168.2.0/24" } },
      hostAccess: { sshPort: 18080 },
      names: { worker: "kube-mast" },
      certificates: { leafDays: 30 },
    });
    expect(keys).toEqual([
      "domain",
      "masters.count",
      "networks.glus.cidr",
      "names.worker",
      "hostAccess.sshPort",
      "certificates.renewBeforeDays",
    ]);
  });

  test("do not include verdicts that rest on a wrong value", () => {
    // The gateway fits no subnet that is known, since the subnet is wrong; the default subnet says nothing about it.
    expect(keysOf({ networks: { mast: { cidr: "10.1.0.0", gateway: "10.1.0.254" } } })).toEqual([
      "networks.mast.cidr",
    ]);
    expect(keysOf({ certificates: { leafDays: "many", renewBeforeDays: 400 } })).toEqual([
      "certificates.leafDays",
    ]);
    expect(keysOf({ hostAccess: { mode: "bridge", adapter: "eth0" } })).toEqual(["hostAccess.mode"]);
  });

  test("of one key and one remedy are one problem", () => {
    const found = problemsOf({ kubernetes: { podSubnet: "192.168.0.0/16" } });
    expect(found).toHaveLength(1);
  });
});

describe("rawConfiguration", () => {
  test("takes the namespace's values, objects and lists out of their JSON", () => {
    const raw = rawConfiguration({
      "kube-lab:domain": "kube.local",
      "kube-lab:masters": '{"count":1}',
      "kube-lab:upstreamResolvers": '["10.0.0.1"]',
      "aws:region": "eu-west-1",
    });
    expect(raw).toEqual({ domain: "kube.local", masters: { count: 1 }, upstreamResolvers: ["10.0.0.1"] });
  });

  test("leaves JSON that is broken to the schema, which names its key", () => {
    expect(keysOf(rawConfiguration({ "kube-lab:masters": '{"count":1' }))).toEqual(["masters"]);
  });
});
