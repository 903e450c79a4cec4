import { existsSync, mkdirSync, statSync } from "node:fs";
import path from "node:path";
import { HypervisorError } from "../../../hypervisor/errors";
import { ensureHostOnly, netmask, networksConfRemedy } from "../../../hypervisor/host-only";
import { absentNetwork, ensureNetwork } from "../../../hypervisor/network";
import type { ProcessResult } from "../../../hypervisor/process";
import { onPosix } from "../../systems";
import { scratch } from "./fixtures";
import { SimulatedVBoxManage } from "./simulated-vboxmanage";

const LAB = { hypervisor: "virtualbox" as const, group: "/kube-lab/dev" };
const HOST_ONLY = { name: "vboxnet0", address: "192.168.254.1", prefixLength: 24 };
const { folder, remove } = scratch();
afterAll(remove);
const silent = () => undefined;

/** A host whose `list hostonlyifs` and other answers are given by verb. */
function withAnswers(answers: Record<string, Partial<ProcessResult>>): SimulatedVBoxManage {
  const simulated = new SimulatedVBoxManage(folder);
  simulated.interrupt = (args) =>
    /^(?:hostonlyif|hostonlynet)$/.test(args[0] ?? "") || /^hostonly/.test(args[1] ?? "")
      ? (answers[args.slice(0, 2).join(" ")] ?? {})
      : undefined;
  return simulated;
}

const existing = (address: string) => ({
  stdout: `Name:            vboxnet0\nIPAddress:       ${address}\nNetworkMask:     255.255.255.0\n`,
});
const created = (name: string) => ({ stdout: `0%...100%\nInterface '${name}' was successfully created\n` });
const changing = (simulated: SimulatedVBoxManage) => simulated.calls.filter(([verb]) => verb !== "list");

onPosix("makes the lab's folder for its owner only, and takes it away", async () => {
  const simulated = new SimulatedVBoxManage(folder);
  await ensureNetwork(simulated.open(), LAB, silent);
  const lab = path.join(folder, "kube-lab", "dev");
  expect(statSync(lab).mode & 0o777).toBe(0o700);
  mkdirSync(path.join(lab, "kube-lab-dev-gate-node01"));
  await absentNetwork(simulated.open(), LAB, silent);
  expect(existsSync(lab)).toBe(true);
  await require("node:fs/promises").rmdir(path.join(lab, "kube-lab-dev-gate-node01"));
  await absentNetwork(simulated.open(), LAB, silent);
  expect(existsSync(path.join(folder, "kube-lab"))).toBe(false);
  await absentNetwork(simulated.open(), LAB, silent);
});

describe("the host-only interface", () => {
  it("is made, addressed, and removed by the lab that made it", async () => {
    const simulated = withAnswers({ "hostonlyif create": created("vboxnet0"), "list hostonlyifs": {} });
    await ensureNetwork(simulated.open(), { ...LAB, hostOnly: HOST_ONLY }, silent);
    expect(changing(simulated)).toEqual([
      ["hostonlyif", "create"],
      ["hostonlyif", "ipconfig", "vboxnet0", "--ip", "192.168.254.1", "--netmask", "255.255.255.0"],
    ]);
    const later = withAnswers({ "list hostonlyifs": existing("192.168.254.1") });
    await absentNetwork(later.open(), LAB, silent);
    expect(changing(later)).toEqual([["hostonlyif", "remove", "vboxnet0"]]);
  });

  it("is left alone when it was there already", async () => {
    const simulated = withAnswers({ "list hostonlyifs": existing("192.168.254.1") });
    await ensureNetwork(simulated.open(), { ...LAB, hostOnly: HOST_ONLY }, silent);
    await absentNetwork(simulated.open(), LAB, silent);
    expect(changing(simulated)).toEqual([]);
  });

  it("is refused when it serves something else", async () => {
    const simulated = withAnswers({ "list hostonlyifs": existing("192.168.56.1") });
    await expect(ensureHostOnly(simulated.open(), HOST_ONLY, silent)).rejects.toThrow(
      /has the address 192\.168\.56\.1/,
    );
    expect(changing(simulated)).toEqual([]);
  });

  it("is not kept under another name", async () => {
    const simulated = withAnswers({ "list hostonlyifs": {}, "hostonlyif create": created("vboxnet3") });
    await expect(ensureHostOnly(simulated.open(), HOST_ONLY, silent)).rejects.toMatchObject({
      remedy: expect.stringContaining("vboxnet3"),
    });
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
    const error: unknown = await ensureHostOnly(simulated.open(), HOST_ONLY, silent).catch(
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(HypervisorError);
    expect((error as HypervisorError).remedy).toBe(networksConfRemedy("192.168.254.1", 24));
    expect((error as HypervisorError).remedy).toContain("`* 192.168.254.0/24` to /etc/vbox/networks.conf");
    expect(changing(simulated).at(-1)).toEqual(["hostonlyif", "remove", "vboxnet0"]);
  });

  it("is a host-only network on macOS", async () => {
    const simulated = withAnswers({ "list hostonlynets": {} });
    await ensureHostOnly(simulated.open("darwin"), { ...HOST_ONLY, name: "kube-lab" }, silent);
    expect(changing(simulated)).toEqual([
      [
        "hostonlynet",
        "add",
        "--name",
        "kube-lab",
        "--netmask",
        "255.255.255.0",
        "--lower-ip",
        "192.168.254.128",
        "--upper-ip",
        "192.168.254.254",
        "--enable",
      ],
    ]);
  });
});

it.each([
  [24, "255.255.255.0"],
  [21, "255.255.248.0"],
  [30, "255.255.255.252"],
  [8, "255.0.0.0"],
])("/%d is %s", (prefixLength, mask) => expect(netmask(prefixLength)).toBe(mask));
