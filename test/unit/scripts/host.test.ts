import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseConfiguration } from "../../../plan/config/configuration";
import { planLab } from "../../../plan/plan";
import { asAdministrator, printed, type RunStep } from "../../../scripts/host/administrator";
import { copyCommand, hostsFilePath, withLab, withoutLab } from "../../../scripts/host/hosts-file";
import { otherLabs, readHostRecord, writeHostRecord } from "../../../scripts/host/record";
import {
  addRouteCommand,
  conflicts,
  gatewayAddress,
  networksOf,
  removeRouteCommand,
  routesTo,
} from "../../../scripts/host/routes";

const lab = (hostAccess: object) => planLab(parseConfiguration({ hostAccess }), "dev");
const hostonly = lab({ mode: "hostonly" });
const route = { subnet: "192.168.1.0/24", via: "192.168.56.254" };

describe("routes", () => {
  it("lead to all four subnets, through the gateway's address on the host's side", () => {
    expect(gatewayAddress(hostonly)).toBe("192.168.56.254");
    expect(routesTo(hostonly, "192.168.56.254").map(({ subnet }) => subnet)).toEqual(
      ["1", "2", "3", "4"].map((third) => `192.168.${third}.0/24`),
    );
    const onTheLan = { mode: "bridged", adapter: "eth0" };
    expect(gatewayAddress(lab({ ...onTheLan, bridged: { address: "10.9.8.7/24" } }))).toBe("10.9.8.7");
    expect(gatewayAddress(lab(onTheLan))).toBeUndefined();
    expect(gatewayAddress(lab({}))).toBeUndefined();
  });

  it.each([
    ["linux", ["ip", "route", "add", "192.168.1.0/24", "via", "192.168.56.254"]],
    ["darwin", ["/sbin/route", "-n", "add", "-net", "192.168.1.0/24", "192.168.56.254"]],
    ["win32", ["route.exe", "ADD", "192.168.1.0", "MASK", "255.255.255.0", "192.168.56.254"]],
  ] as const)("are set on %s by %j, and that very one is taken away", (platform, add) => {
    expect(addRouteCommand(platform, route)).toEqual(add);
    const remove = { add: "delete", ADD: "DELETE" };
    const words = add.map((word) => remove[word as "add"] ?? word);
    expect(removeRouteCommand(platform, route)).toEqual(
      platform === "linux" ? words.map((word) => (word === "delete" ? "del" : word)) : words,
    );
  });

  it("are not set where they would take a network away from the host", () => {
    const address = (cidr: string, internal = false) =>
      ({ family: "IPv4", internal, cidr, address: "", netmask: "", mac: "" }) as const;
    const networks = networksOf({
      lo: [address("127.0.0.1/8", true)],
      "Wi-Fi": [address("192.168.1.23/24")],
      vboxnet0: [address("192.168.56.1/24")],
    });
    expect(networks.map(({ cidr }) => cidr)).toEqual(["192.168.1.0/24", "192.168.56.0/24"]);
    expect(conflicts(hostonly, networks)).toEqual([
      "192.168.1.0/24 (networks.mast) is the adapter Wi-Fi's, 192.168.1.0/24; choose another: pulumi config set --path networks.mast.cidr A.B.C.0/24",
    ]);
    expect(conflicts(hostonly, [{ cidr: "192.168.4.0/22", what: "the lab other" }])).toHaveLength(1);
    expect(conflicts(hostonly, [])).toEqual([]);
  });
});

describe("the hosts file", () => {
  const lines = ["192.168.4.20 api.kube.local", "192.168.1.10 kube-mast01"];

  it.each([
    ["one with line feeds", "127.0.0.1 localhost\n"],
    ["Windows'", "# Copyright (c) Microsoft Corp.\r\n127.0.0.1 localhost\r\n"],
    ["an empty one", ""],
  ])("has the lab's lines once, and is what it was without them: %s", (_kind, text) => {
    const once = withLab(text, "dev", lines);
    const end = text.includes("\r") ? "\r\n" : "\n";
    expect(once).toBe(`${text}${["# kube-lab dev: begin", ...lines, "# kube-lab dev: end", ""].join(end)}`);
    expect(withLab(once, "dev", lines)).toBe(once);
    expect(withoutLab(once, "dev")).toBe(text);
  });

  it("keeps a last line without its end, other labs' lines and what follows", () => {
    const both = withLab(withLab("1.2.3.4 mine", "dev", lines), "other", ["10.0.0.1 other"]);
    expect(both).toMatch(/^1\.2\.3\.4 mine\n# kube-lab dev: begin\n/);
    const later = `${both}5.6.7.8 later\n`;
    expect(withoutLab(later, "dev")).toBe(
      "1.2.3.4 mine\n# kube-lab other: begin\n10.0.0.1 other\n# kube-lab other: end\n5.6.7.8 later\n",
    );
  });

  it("is left alone where somebody cut the lab's lines in half", () => {
    const half = "# kube-lab dev: begin\n1.2.3.4 mine\n";
    expect(withoutLab(half, "dev")).toBe(half);
  });

  it("lies where the system has it, and is copied over, so that its owner and rights stay", () => {
    expect(hostsFilePath("darwin", {})).toBe("/etc/hosts");
    const windows = hostsFilePath("win32", { SystemRoot: "D:\\Windows" });
    expect(windows).toBe("D:\\Windows\\System32\\drivers\\etc\\hosts");
    expect(copyCommand("win32", ".kube-lab\\hosts-dev", windows)).toEqual([
      ...["xcopy.exe", "/Y", "/Q", ".kube-lab\\hosts-dev", windows],
    ]);
    expect(copyCommand("linux", "a", "/etc/hosts")).toEqual(["cp", "a", "/etc/hosts"]);
  });
});

describe("an administrator's rights", () => {
  const steps = [
    { command: ["ip", "route", "del", "a"], mayFail: true },
    { command: ["ip", "route", "add", "a b"] },
  ];
  let said: string[];
  beforeEach(() => {
    said = [];
    jest.spyOn(console, "log").mockImplementation((line) => void said.push(String(line)));
  });
  afterEach(() => jest.restoreAllMocks());

  /** Programs that fail as `fails` says; their calls are kept. */
  function programs(calls: string[], fails: (call: string) => boolean = () => false): RunStep {
    return (command) => {
      calls.push(command.join(" "));
      return fails(command.join(" ")) ? 2 : 0;
    };
  }

  it("are told with the exact commands, then used by sudo, asked for once", () => {
    const calls: string[] = [];
    asAdministrator(
      "setting routes",
      steps,
      "sudo",
      "linux",
      programs(calls, (call) => / del /.test(call)),
    );
    expect(said.join()).toContain("setting routes, with an administrator's rights:\n  sudo ip route del a\n");
    expect(said.join()).toContain("  sudo ip route add 'a b'");
    expect(calls).toEqual(["sudo --validate", "sudo ip route del a", "sudo ip route add a b"]);
  });

  it("are not taken for granted: nothing runs without them, and the message is what to run", () => {
    const calls: string[] = [];
    const refused = () =>
      asAdministrator(
        "setting routes",
        steps,
        "sudo",
        "darwin",
        programs(calls, (call) => /validate/.test(call)),
      );
    expect(refused).toThrow(/needs an administrator's rights. Run:\n {2}sudo ip route del a\n {2}sudo ip/);
    expect(calls).toEqual(["sudo --validate"]);
    const onWindows = () => asAdministrator("setting routes", steps, "none", "win32", programs(calls));
    expect(onWindows).toThrow(/ip route add "a b"\nor .* in a terminal opened as administrator/);
    expect(calls).toHaveLength(1);
  });

  it("do not hide a failure", () => {
    const failing = programs([], (call) => / add /.test(call));
    expect(() => asAdministrator("setting routes", steps, "own", "linux", failing)).toThrow(
      /ip route add a b ended with status 2/,
    );
    expect(printed(steps, "own", "linux")).toEqual(["ip route del a", "ip route add 'a b'"]);
  });
});

it("is written down by stack, so that down takes it away and other labs keep off it", () => {
  const folder = mkdtempSync(join(tmpdir(), "kube-lab-host-"));
  try {
    expect(readHostRecord("dev", folder)).toEqual({ routes: [], hosts: false });
    writeHostRecord("dev", { routes: [route], hosts: true }, folder);
    expect(readHostRecord("dev", folder)).toEqual({ routes: [route], hosts: true });
    expect(otherLabs("dev", folder)).toEqual([]);
    expect(otherLabs("other", folder)).toEqual([{ cidr: "192.168.1.0/24", what: "the lab dev" }]);
    writeHostRecord("dev", { routes: [], hosts: false }, folder);
    expect(existsSync(join(folder, "host-dev.json"))).toBe(false);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
