import { ownForwardsIn } from "../../plan/endpoint";
import { exampleLab, firstOf } from "./example-lab";
import { expectAccepted, testWith } from "./tool";
import { type WrittenMachine, writeMachine } from "./written-machine";

const hostOnly = { hostAccess: { mode: "hostonly" } };
const applications = { addons: { traefik: { enabled: true } } };
const onTheLan = {
  hostAccess: { mode: "bridged", adapter: "eth0", bridged: { trusted: "192.168.178.0/24" } },
};

const ownForwards = { hostAccess: { forwards: ["8088:kube-node01:30081", "8090:192.168.2.200:80"] } };

describe.each([
  ["the reference lab", {}],
  ["a lab with a host-only adapter", hostOnly],
  ["a lab on the LAN", onTheLan],
  ["a lab with a dashboard", { addons: { headlamp: { enabled: true } } }],
  ["a lab with applications", applications],
  ["a lab with forwards of the user's own", ownForwards],
  ["a lab without upstream", { upstreamResolvers: [], timeServers: [] }],
])("the gateway of %s", (_name, raw) => {
  const plan = exampleLab(raw);
  let gateway: WrittenMachine;
  beforeAll(() => {
    gateway = writeMachine(plan, firstOf(plan, "gateway"));
    gateway.render("render_names; render_filter");
  });
  afterAll(() => gateway.remove());

  testWith("dnsmasq")("dnsmasq --test accepts its configuration", () => {
    expectAccepted("dnsmasq", ["--test", `--conf-file=${gateway.at("/etc/dnsmasq.conf")}`]);
  });

  // A namespace of its own: checking loads the rules into the kernel's transaction.
  testWith("nft")("nft -c accepts the filter", () => {
    expectAccepted("unshare", ["--net", "nft", "--check", "--file", gateway.at("/etc/nftables.conf")]);
  });

  test("the forwarded ports go to the virtual address", () => {
    const filter = gateway.read("/etc/nftables.conf");
    expect(filter).toContain(`: ${plan.virtualIp} . ${plan.kubernetes.apiPort}`);
    expect(filter).toContain(`: ${plan.virtualIp} . ${plan.statisticsPort}`);
  });

  test("the user's own ports go where they are to, from the host alone", () => {
    const filter = gateway.read("/etc/nftables.conf");
    const forwarded = /^define forwarded = \{ (.*) \}$/m.exec(filter)?.[1]?.split(", ");
    const own = ownForwardsIn(plan);
    for (const { guestPort, target } of own) {
      expect(forwarded).toContain(String(guestPort));
      expect(filter).toContain(`${guestPort} : ${target?.address} . ${target?.port}`);
    }
    expect(own.map(({ hostPort }) => hostPort)).toEqual(_name.includes("user's own") ? [8088, 8090] : []);
  });

  test("balancers reach the dashboard on masters where it is on, and port 0, which is nobody's, elsewhere", () => {
    const port = /^define dashboard_port = (\d+)$/m.exec(gateway.read("/etc/nftables.conf"))?.[1];
    expect(port).toBe(plan.addons.headlamp.enabled ? "30082" : "0");
  });

  test("applications are let through and have names where there are any", () => {
    const filter = gateway.read("/etc/nftables.conf");
    const names = gateway.read("/etc/dnsmasq.conf");
    if (plan.applications) {
      expect(filter).toMatch(/application_ports = \{ 80, 443 \}/);
      expect(filter).toMatch(/application_node_ports = \{ 30080, 30443 \}/);
      expect(filter).toContain(`443 : ${plan.virtualIp} . 443`);
      expect(names).toContain(`address=/apps.kube.local/${plan.virtualIp}\n`);
    } else {
      expect(filter).toMatch(/application_ports = \{ 0 \}/);
      expect(names).not.toContain("apps.");
    }
  });

  test("the whole LAN is handed on to the API and the statistics, and to nothing else", () => {
    const filter = gateway.read("/etc/nftables.conf");
    expect(filter).toContain(`lan_forwarded = { ${plan.kubernetes.apiPort}, ${plan.statisticsPort} }`);
    expect(filter).toContain("define nat_address = 10.0.2.15\n");
    expect(filter).toContain("tcp dport $lan_forwarded dnat");
    expect(filter).toContain("ip daddr $nat_address tcp dport $forwarded dnat");
    expect(filter).toContain("ip saddr $owner tcp dport $forwarded dnat");
    expect(filter.match(/dnat ip to/g)).toHaveLength(3);
  });

  test("names are asked of the configured upstreams only", () => {
    const servers = gateway.read("/etc/dnsmasq.conf").match(/^server=.*$/gm) ?? [];
    expect(servers).toEqual(plan.upstreamResolvers.map((address) => `server=${address}`));
    expect(gateway.read("/etc/dnsmasq.conf")).toMatch(/^no-resolv$/m);
  });

  test("nothing listens towards NAT", () => {
    expect(gateway.read("/etc/dnsmasq.conf")).not.toContain("10.0.2.15");
  });
});

test("the gateway's own DNS is up when it has the address itself, not one that begins like it", () => {
  const plan = exampleLab();
  const gateway = writeMachine(plan, firstOf(plan, "gateway"));
  const resolves = (answer: string) =>
    gateway.run(
      "resolves api.kube.local 192.168.1.1",
      `dig() { [ "$*" = "\${*#*@127.0.0.1}" ] || ${answer}; }`,
    ).status === 0;
  try {
    expect(resolves("printf '%s\\n' api.kube.local. 192.168.1.1")).toBe(true);
    expect(resolves("echo 192.168.1.10")).toBe(false);
    expect(resolves("return 9")).toBe(false);
  } finally {
    gateway.remove();
  }
});
