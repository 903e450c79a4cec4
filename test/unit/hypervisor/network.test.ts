import { existsSync, mkdirSync, statSync } from "node:fs";
import path from "node:path";
import { chooseBridged, parseBridged } from "../../../hypervisor/network/bridged";
import { namedByVirtualBox } from "../../../hypervisor/network/host-adapters";
import {
  ensureHostOnly,
  networksConfRemedy,
  removeHostOnly,
  type WantedHostOnly,
} from "../../../hypervisor/network/host-only";
import { absentNetwork, ensureNetwork } from "../../../hypervisor/network/network";
import type { ProcessResult } from "../../../lib/process";
import { RemedyError } from "../../../lib/remedy-error";
import { onPosix } from "../../systems";
import { scratch } from "./fixtures";
import { SimulatedVBoxManage } from "./simulated-vboxmanage";

const INCARNATION = "2026-11-21T04:33:10Z missing";
const LAB = {
  hypervisor: "virtualbox" as const,
  group: "/kube-lab/dev",
  incarnation: INCARNATION,
  madeWith: { USER: "debian" },
};
const HOST_ONLY = { name: "vboxnet0", address: "192.168.254.1", prefixLength: 24 };
const { folder, remove } = scratch();
afterAll(remove);
const project = path.join(folder, "project");
const silent = () => undefined;

/** A host whose `list hostonlyifs` and other answers are given by verb. */
function withAnswers(answers: Record<string, Partial<ProcessResult>>): SimulatedVBoxManage {
  const simulated = new SimulatedVBoxManage(folder);
  simulated.interrupt = (args) =>
    /^(?:hostonlyif|hostonlynet)$/.test(args[0] ?? "") || /^(?:hostonly|bridged)/.test(args[1] ?? "")
      ? (answers[args.slice(0, 2).join(" ")] ?? {})
      : undefined;
  return simulated;
}

const existing = (address: string) => ({
  stdout: `Name:            vboxnet0\nIPAddress:       ${address}\nNetworkMask:     255.255.255.0\n`,
});
const created = (name: string) => ({ stdout: `0%...100%\nInterface '${name}' was successfully created\n` });
const ensure = (
  simulated: SimulatedVBoxManage,
  wanted: WantedHostOnly,
  platform: NodeJS.Platform = "linux",
) => ensureHostOnly(simulated.open(platform), wanted, "kube-lab-dev", silent);
const changing = (simulated: SimulatedVBoxManage) => simulated.calls.filter(([verb]) => verb !== "list");

onPosix("makes the lab's folder for its owner only, and takes it away", async () => {
  const simulated = new SimulatedVBoxManage(folder);
  await ensureNetwork(simulated.open(), LAB, project, silent);
  const lab = path.join(folder, "kube-lab", "dev");
  expect(statSync(lab).mode & 0o777).toBe(0o700);
  mkdirSync(path.join(lab, "kube-lab-dev-gate-node01"));
  await absentNetwork(simulated.open(), LAB, project, silent);
  expect(existsSync(lab)).toBe(true);
  await require("node:fs/promises").rmdir(path.join(lab, "kube-lab-dev-gate-node01"));
  await absentNetwork(simulated.open(), LAB, project, silent);
  expect(existsSync(path.join(folder, "kube-lab"))).toBe(false);
  await absentNetwork(simulated.open(), LAB, project, silent);
});

describe("the host-only interface", () => {
  it("is made, addressed, and removed by the lab that made it", async () => {
    const simulated = withAnswers({ "hostonlyif create": created("vboxnet0"), "list hostonlyifs": {} });
    await ensureNetwork(simulated.open(), { ...LAB, hostOnly: HOST_ONLY }, project, silent);
    expect(changing(simulated)).toEqual([
      ["hostonlyif", "create"],
      ["hostonlyif", "ipconfig", "vboxnet0", "--ip", "192.168.254.1", "--netmask", "255.255.255.0"],
    ]);
    const later = withAnswers({ "list hostonlyifs": existing("192.168.254.1") });
    await absentNetwork(later.open(), LAB, project, silent);
    expect(changing(later)).toEqual([["hostonlyif", "remove", "vboxnet0"]]);
  });

  it("is left alone when it was there already", async () => {
    const simulated = withAnswers({ "list hostonlyifs": existing("192.168.254.1") });
    await ensureNetwork(simulated.open(), { ...LAB, hostOnly: HOST_ONLY }, project, silent);
    await absentNetwork(simulated.open(), LAB, project, silent);
    expect(changing(simulated)).toEqual([]);
  });

  it("is found by its address where no name is wanted, and made where none has it, whatever its name", async () => {
    const { name: _, ...unnamed } = HOST_ONLY;
    const there = withAnswers({ "list hostonlyifs": existing("192.168.254.1") });
    expect(await ensure(there, unnamed)).toEqual({ name: "vboxnet0", made: false });
    const windows = "VirtualBox Host-Only Ethernet Adapter #2";
    const missing = withAnswers({ "list hostonlyifs": {}, "hostonlyif create": created(windows) });
    expect(await ensure(missing, unnamed, "win32")).toEqual({ name: windows, made: true });
    expect(changing(missing)[1]).toEqual([
      ...["hostonlyif", "ipconfig", windows, "--ip", "192.168.254.1", "--netmask", "255.255.255.0"],
    ]);
  });

  it("gets its address when it is there without one", async () => {
    const simulated = withAnswers({ "list hostonlyifs": existing("0.0.0.0") });
    expect(await ensure(simulated, HOST_ONLY)).toEqual({ name: "vboxnet0", made: false });
    expect(changing(simulated).map((call) => call.slice(0, 3))).toEqual([
      ["hostonlyif", "ipconfig", "vboxnet0"],
    ]);
  });

  it("is recreated when the lab wants another, and the lab's earlier one goes", async () => {
    const first = withAnswers({ "list hostonlyifs": {}, "hostonlyif create": created("vboxnet0") });
    await ensureNetwork(first.open("linux"), { ...LAB, hostOnly: HOST_ONLY }, project, silent);
    const later = withAnswers({
      "list hostonlyifs": existing("192.168.254.1"),
      "hostonlyif create": created("vboxnet1"),
    });
    const wanted = { address: "192.168.60.1", prefixLength: 24 };
    await ensureNetwork(later.open("linux"), { ...LAB, hostOnly: wanted }, project, silent);
    expect(changing(later).map((call) => call.slice(0, 3))).toEqual([
      ["hostonlyif", "remove", "vboxnet0"],
      ["hostonlyif", "create"],
      ["hostonlyif", "ipconfig", "vboxnet1"],
    ]);
    const last = withAnswers({ "list hostonlyifs": { stdout: "Name: vboxnet1\n" } });
    await absentNetwork(last.open("linux"), LAB, project, silent);
    expect(changing(last)).toEqual([["hostonlyif", "remove", "vboxnet1"]]);
  });

  it("is refused when it serves something else, or another overlaps it", async () => {
    const simulated = withAnswers({ "list hostonlyifs": existing("192.168.56.1") });
    await expect(ensure(simulated, HOST_ONLY)).rejects.toThrow(/has the address 192\.168\.56\.1/);
    const wanted = { address: "192.168.56.9", prefixLength: 21 };
    await expect(ensure(simulated, wanted)).rejects.toThrow(/overlaps the lab's 192\.168\.56\.9\/21/);
    expect(changing(simulated)).toEqual([]);
  });

  it("is not kept under another name", async () => {
    const simulated = withAnswers({ "list hostonlyifs": {}, "hostonlyif create": created("vboxnet3") });
    await expect(ensure(simulated, HOST_ONLY)).rejects.toThrow(/"vboxnet3", the lab wants "vboxnet0"/);
    expect(changing(simulated).at(-1)).toEqual(["hostonlyif", "remove", "vboxnet3"]);
  });

  it("names the line for networks.conf when VirtualBox does not permit the address", async () => {
    const denied =
      "VBoxManage: error: Code E_ACCESSDENIED (0x80070005) - Access denied (extended info not available)\n";
    const simulated = withAnswers({
      "list hostonlyifs": {},
      "hostonlyif create": created("vboxnet0"),
      "hostonlyif ipconfig": { status: 1, stderr: denied },
    });
    const error: unknown = await ensure(simulated, HOST_ONLY).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(RemedyError);
    expect((error as RemedyError).remedy).toBe(networksConfRemedy("192.168.254.1", 24));
    expect((error as RemedyError).remedy).toContain("`* 192.168.254.0/24` to /etc/vbox/networks.conf");
    expect(changing(simulated).at(-1)).toEqual(["hostonlyif", "remove", "vboxnet0"]);
  });
});

describe("the host-only network on macOS", () => {
  /** As VirtualBox prints it, with the empty line behind the identifier. */
  const listed = (lowest: string) => ({
    stdout: `Name:            kube-lab-dev
GUID:            786f6276-656e-4074-8000-0a0027000000

State:           Enabled
NetworkMask:     255.255.255.0
LowerIP:         ${lowest}
UpperIP:         192.168.254.127
VBoxNetworkName: hostonly-kube-lab-dev

`,
  });
  const { name: _, ...wanted } = HOST_ONLY;

  it("is made under the lab's name, the host's address the lowest, the gateway's above what DHCP gives away", async () => {
    const simulated = withAnswers({ "list hostonlynets": {} });
    expect(await ensure(simulated, wanted, "darwin")).toEqual({ name: "kube-lab-dev", made: true });
    expect(changing(simulated)).toEqual([
      [
        ...["hostonlynet", "add", "--name", "kube-lab-dev", "--netmask", "255.255.255.0"],
        ...["--lower-ip", "192.168.254.1", "--upper-ip", "192.168.254.127", "--enable"],
      ],
    ]);
  });

  it("is found by the host's address, and removed by name", async () => {
    const simulated = withAnswers({ "list hostonlynets": listed("192.168.254.1") });
    expect(await ensure(simulated, wanted, "darwin")).toEqual({ name: "kube-lab-dev", made: false });
    await removeHostOnly(simulated.open("darwin"), "kube-lab-dev", silent);
    expect(changing(simulated)).toEqual([["hostonlynet", "remove", "--name", "kube-lab-dev"]]);
  });
});

describe("adapters on the host's side", () => {
  const mac = "08:00:27:00:00:01";
  const bridgedifs = {
    stdout: `Name:            enp3s0
Status:          Up

Name:            wlp2s0
Status:          Down

Name:            en0: Wi-Fi (AirPort)
Status:          Up

Name:            en1: Thunderbolt 1
Status:          Up

Name:            Intel(R) Wi-Fi 6 AX201 160MHz
Status:          Up
`,
  };
  const interfaces = parseBridged(bridgedifs.stdout);

  it.each([
    ["enp3s0", "enp3s0"],
    ["en0", "en0: Wi-Fi (AirPort)"],
    ["thunderbolt", "en1: Thunderbolt 1"],
    ["AX201", "Intel(R) Wi-Fi 6 AX201 160MHz"],
  ])("%s means the host's adapter %s", (wanted, name) => {
    expect(chooseBridged(wanted, interfaces)).toMatchObject({ chosen: { name } });
  });

  it("says which there are when none or several match", () => {
    expect(chooseBridged("wi-fi", interfaces)).toEqual({
      problem: `2 of the host's adapters match "wi-fi": "en0: Wi-Fi (AirPort)", "Intel(R) Wi-Fi 6 AX201 160MHz".`,
      fix: expect.stringContaining("more of the name"),
    });
    expect(chooseBridged("eth7", interfaces)).toMatchObject({
      problem: expect.stringContaining('None of the host\'s adapters matches "eth7"'),
      fix: expect.stringContaining('"enp3s0", "wlp2s0" (down)'),
    });
    expect(chooseBridged("eth7", [])).toMatchObject({
      fix: expect.stringContaining("no adapter that can be bridged"),
    });
  });

  it("get VirtualBox's names at the machine", async () => {
    const simulated = withAnswers({
      "list hostonlyifs": existing("192.168.56.1"),
      "list bridgedifs": bridgedifs,
    });
    const named = (kind: "hostonly" | "bridged", network: string) =>
      namedByVirtualBox(simulated.open("linux"), [{ kind, network, mac }]);
    expect(await named("hostonly", "192.168.56.1/24")).toEqual([
      { kind: "hostonly", network: "vboxnet0", mac },
    ]);
    expect(await named("hostonly", "vboxnet7")).toEqual([{ kind: "hostonly", network: "vboxnet7", mac }]);
    expect(await named("bridged", "enp3")).toEqual([{ kind: "bridged", network: "enp3s0", mac }]);
    await expect(named("hostonly", "192.168.60.1/24")).rejects.toThrow(
      /No host-only network has .*192\.168\.60\.1/,
    );
    await expect(named("bridged", "wi-fi")).rejects.toThrow(/2 of the host's adapters match/);
  });
});
