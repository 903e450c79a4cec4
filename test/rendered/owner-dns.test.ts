import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { hostsEntries } from "../../plan/hosts-entries";
import { delegationOf, dnsChange } from "../../scripts/host/dns";
import { exampleLab, firstOf } from "./example-lab";
import { expectAccepted, testWith, toolEnvironment } from "./tool";
import { type WrittenMachine, writeMachine } from "./written-machine";

const plan = exampleLab({ hostAccess: { mode: "hostonly" }, upstreamResolvers: [] });
const gateway = `kube-lab-gate-${process.pid}`;
const computer = `kube-lab-host-${process.pid}`;

/** A gateway with its own filter and dnsmasq, and a computer whose dnsmasq has what `host -- dns add` writes. */
describe("a computer's dnsmasq that asks the gateway through the host-only network", () => {
  let machine: WrittenMachine;
  const path = (name: string) => join(machine.root, name);
  const inside = (namespace: string, ...command: string[]) =>
    expectAccepted("ip", ["netns", "exec", namespace, ...command]);
  const pidFiles: string[] = [];

  // Its parent ends once it listens.
  function startDnsmasq(namespace: string, configuration: string): void {
    const pidFile = path(`${namespace}.pid`);
    inside(namespace, "dnsmasq", `--conf-file=${configuration}`, `--pid-file=${pidFile}`, "--user=root");
    pidFiles.push(pidFile);
  }

  function startGateway(): void {
    machine.render("render_names; render_filter");
    writeFileSync(path("hosts"), `${hostsEntries(plan)}203.0.113.1 elsewhere.example\n`);
    const text = machine
      .read("/etc/dnsmasq.conf")
      .replace(
        /^dhcp-leasefile=.*$/m,
        `dhcp-leasefile=${path("leases")}\nno-hosts\naddn-hosts=${path("hosts")}`,
      );
    writeFileSync(path("gateway.conf"), text);
    inside(gateway, "nft", "--file", machine.at("/etc/nftables.conf"));
    startDnsmasq(gateway, path("gateway.conf"));
  }

  function startComputer(): void {
    const { files } = dnsChange({ kind: "dnsmasq" }, "dev", delegationOf(plan));
    // What a careful person's own configuration may have.
    const own = "no-resolv\nno-hosts\nbogus-priv\nstop-dns-rebind\ndomain-needed\n";
    writeFileSync(path("computer.conf"), own + files.map(({ text }) => text).join(""));
    startDnsmasq(computer, path("computer.conf"));
  }

  function asked(what: "resolve4" | "reverse", name: string): string[] {
    const script = `const r = new (require("node:dns").promises.Resolver)({ timeout: 2000, tries: 2 });
      r.setServers(["127.0.0.1"]);
      r[process.argv[1]](process.argv[2]).then((found) => console.log(found.join()), ({ code }) => console.log(code));`;
    return inside(computer, process.execPath, "--eval", script, what, name).trim().split(",");
  }

  function setUp(): void {
    machine = writeMachine(plan, firstOf(plan, "gateway"));
    for (const namespace of [gateway, computer]) {
      expectAccepted("ip", ["netns", "add", namespace]);
      inside(namespace, "ip", "link", "set", "lo", "up");
    }
    const pair = [
      "link",
      "add",
      "inner",
      "netns",
      gateway,
      "type",
      "veth",
      "peer",
      "outer",
      "netns",
      computer,
    ];
    expectAccepted("ip", pair);
    inside(gateway, "ip", "address", "add", "192.168.56.254/24", "dev", "inner");
    inside(gateway, "ip", "link", "set", "inner", "up");
    for (const { gateway: own } of Object.values(plan.subnets))
      inside(gateway, "ip", "address", "add", `${own}/32`, "dev", "lo");
    inside(computer, "ip", "address", "add", "192.168.56.1/24", "dev", "outer");
    inside(computer, "ip", "link", "set", "outer", "up");
    inside(computer, "ip", "route", "add", plan.subnets.dmz.cidr, "via", "192.168.56.254");
    startGateway();
    startComputer();
  }

  afterAll(() => {
    for (const file of pidFiles) process.kill(Number(readFileSync(file, "utf8")));
    for (const namespace of [gateway, computer])
      spawnSync("ip", ["netns", "delete", namespace], { stdio: "ignore", env: toolEnvironment() });
    machine?.remove();
  });

  testWith("dnsmasq")("gets names and addresses of the lab, and asks it nothing else", () => {
    setUp();
    expect(asked("resolve4", "kube-mast01.kube.local")).toEqual(["192.168.1.10"]);
    expect(asked("resolve4", plan.apiName)).toEqual([plan.virtualIp]);
    expect(asked("reverse", "192.168.1.10")).toEqual(["kube-mast01.kube.local"]);
    expect(asked("resolve4", "nobody.kube.local")).toEqual(["ENOTFOUND"]);
    expect(asked("resolve4", "elsewhere.example")).toEqual(["EREFUSED"]);
  });
});
