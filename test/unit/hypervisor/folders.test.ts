import { foldersBelow, foldersOf } from "../../../hypervisor/driver/folders";
import { GATEWAY } from "./fixtures";
import { SimulatedVBoxManage } from "./simulated-vboxmanage";

const NAME = GATEWAY.machine;

it("are below the group, by the rules of the system", () => {
  const linux = foldersBelow("/home/me/VirtualBox VMs", "/kube-lab/dev", "linux");
  expect(linux.machine(NAME)).toBe(`/home/me/VirtualBox VMs/kube-lab/dev/${NAME}`);
  expect(linux.seed(NAME)).toBe(`/home/me/VirtualBox VMs/kube-lab/dev/seeds/${NAME}.iso`);
  const windows = foldersBelow("D:\\My VMs", "/kube-lab/dev", "win32");
  expect(windows.dataDisk(NAME)).toBe(`D:\\My VMs\\kube-lab\\dev\\disks\\${NAME}-data.vdi`);
});

it.each<[NodeJS.Platform, string, string]>([
  ["linux", `/vms/kube-lab/dev/${NAME}/${NAME}.vbox`, "/vms/kube-lab/dev"],
  ["win32", `D:\\My VMs\\kube-lab\\dev\\${NAME}\\${NAME}.vbox`, "D:\\My VMs\\kube-lab\\dev"],
])("are read off a machine in its usual place, without asking, on %s", async (platform, settings, lab) => {
  const simulated = new SimulatedVBoxManage("/default");
  const folders = await foldersOf(simulated.open(platform), GATEWAY, new Map([["CfgFile", settings]]));
  expect(folders.lab).toBe(lab);
  expect(simulated.calls).toEqual([]);
});

it("are asked for where the machine is elsewhere or not there", async () => {
  const simulated = new SimulatedVBoxManage("/default");
  const elsewhere = new Map([["CfgFile", `/moved/${NAME}/${NAME}.vbox`]]);
  for (const info of [elsewhere, undefined])
    expect((await foldersOf(simulated.open("linux"), GATEWAY, info)).lab).toBe("/default/kube-lab/dev");
});
