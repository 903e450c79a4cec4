import { readFileSync } from "node:fs";
import path from "node:path";
import {
  errorLines,
  hasDriverWarning,
  parseBlocks,
  parseCapacityMiB,
  parseExtraData,
  parseMachineList,
  parseMachineReadable,
  parseVersion,
  saysError,
} from "../../../hypervisor/driver/output";
import { actualHardware, attachedMedium, ROOT_PORT, SEED_PORT } from "../../../hypervisor/machine/hardware";
import { isAtLeast } from "../../../lib/version";

const sample = (name: string) => readFileSync(path.join(__dirname, "samples", name), "utf8");
const crlf = (text: string) => text.replaceAll("\n", "\r\n");

const WARNING = `WARNING: The character device /dev/vboxdrv does not exist.
	 Please install the virtualbox-dkms package and the appropriate
	 headers, most likely linux-headers-amd64.

	 You will not be able to start VMs until this problem is fixed.
`;

describe("showvminfo --machinereadable", () => {
  const text = sample("showvminfo-7.2.txt");

  it.each([
    ["LF", text],
    ["CRLF", crlf(text)],
  ])("is read with %s line ends", (_name, output) => {
    const info = parseMachineReadable(output);
    expect(info.get("name")).toBe("kube-lab-dev-gate-node01");
    expect(info.get("memory")).toBe("512");
    expect(info.get("VMState")).toBe("running");
    expect(info.get("SATA-ImageUUID-0-0")).toBe("5ed7a1f2-9d5c-4a0c-8b1e-1f6f0a7f3c11");
    expect(attachedMedium(info, ROOT_PORT)).toMatch(/Snapshots\/\{.*\}\.vdi$/);
    expect(attachedMedium(info, SEED_PORT)).toBeUndefined();
    expect(info.get("description")).toBe('the gateway, "in front"\ncpus=9 is not its count\nlast line');
    expect(info.get("cpus")).toBe("1");
  });

  it("becomes hardware", () => {
    expect(actualHardware(parseMachineReadable(text))).toEqual({
      cpus: "1",
      memory: "512",
      "adapter 1": "nat 08:00:27:1a:2b:3c",
      "adapter 2": "internal kube-lab-dev-mast 08:00:27:1a:2b:3d",
      "adapter 3": "hostonly vboxnet0 08:00:27:1a:2b:3e",
      "adapter 4": "bridged enp0s31f6 08:00:27:1a:2b:3f unplugged",
      "forward api": "127.0.0.1:18080 -> 10.0.2.15:6443",
      "forward ssh": "127.0.0.1:2222 -> 10.0.2.15:22",
      "root disk": "attached",
      "data disk": "none",
    });
  });

  it("takes back Windows' escaped backslashes, and leaves plain ones", () => {
    const info = parseMachineReadable(
      '"SATA-0-0"="C:\\\\Users\\\\me\\\\a b.vdi"\r\nCfgFile="C:\\Users\\me\\x.vbox"\r\n',
    );
    expect(info.get("SATA-0-0")).toBe("C:\\Users\\me\\a b.vdi");
    expect(info.get("CfgFile")).toBe("C:\\Users\\me\\x.vbox");
  });

  it("knows macOS' host-only networks", () => {
    const info = parseMachineReadable(
      'hostonly-network2="kube-lab"\nmacaddress2="0800271A2B3C"\nnic2="hostonlynetwork"\n',
    );
    expect(actualHardware(info)["adapter 2"]).toBe("hostonly kube-lab 08:00:27:1a:2b:3c");
  });
});

describe("the kernel driver's warning", () => {
  it("is dropped from every output, and known", () => {
    expect(parseMachineList(`${WARNING}"a" {11111111-2222-3333-4444-555555555555}\n`).size).toBe(1);
    expect(parseVersion(`${crlf(WARNING)}7.2.22r170000\r\n`)).toEqual([7, 2, 22]);
    expect(errorLines(WARNING)).toEqual([]);
    expect(hasDriverWarning(WARNING)).toBe(true);
    expect(saysError(WARNING)).toBe(false);
    const other = `WARNING: The vboxdrv kernel module is not loaded. Either there is no module
         available for the current kernel (6.18.0) or it failed to
         load. Please recompile the kernel module and install it by

           sudo /sbin/vboxconfig

         You will not be able to start VMs until this problem is fixed.
`;
    expect(errorLines(`${other}VBoxManage: error: no\n`)).toEqual(["no"]);
  });
});

describe("other outputs", () => {
  it("lists machines, those with quotes and blanks too", () => {
    const machines = parseMachineList(
      crlf(
        '"a b" {11111111-2222-3333-4444-555555555555}\n"<inaccessible>" {AAAAAAAA-2222-3333-4444-555555555555}\n',
      ),
    );
    expect([...machines]).toEqual([
      ["a b", "11111111-2222-3333-4444-555555555555"],
      ["<inaccessible>", "aaaaaaaa-2222-3333-4444-555555555555"],
    ]);
  });

  it("reads blocks of keys", () => {
    const blocks = parseBlocks(crlf(sample("hostonlyifs.txt")));
    expect(
      blocks.map((block) => [block.get("Name"), block.get("IPAddress"), block.get("HardwareAddress")]),
    ).toEqual([
      ["vboxnet0", "192.168.56.1", "0a:00:27:00:00:00"],
      ["vboxnet1", "192.168.60.1", "0a:00:27:00:00:01"],
    ]);
  });

  it("reads extra data, versions and capacities", () => {
    expect(parseExtraData('Value: {"a":"b: c"}\r\n')).toBe('{"a":"b: c"}');
    expect(parseExtraData("No value set!\n")).toBeUndefined();
    expect(parseVersion("7.0.16_Debianr162802\n")).toEqual([7, 0, 16]);
    expect(parseVersion("no version")).toBeUndefined();
    expect(parseCapacityMiB("UUID:           x\nCapacity:       512000 MBytes\n")).toBe(512000);
  });

  it("compares versions", () => {
    expect(isAtLeast([7, 2, 10], [7, 2, 10])).toBe(true);
    expect(isAtLeast([7, 10, 0], [7, 2, 10])).toBe(true);
    expect(isAtLeast([7, 2, 8], [7, 2, 10])).toBe(false);
  });

  it("finds errors among progress, also from Windows' program", () => {
    const stderr =
      "0%...10%...20%...30%...\r\nProgress state: VBOX_E_FILE_ERROR\r\nVBoxManage.exe: error: Failed to create medium\r\n";
    expect(errorLines(stderr)).toEqual(["Failed to create medium"]);
    expect(saysError(stderr)).toBe(true);
    expect(saysError("0%...100%\n")).toBe(false);
    const usage =
      "VBoxManage: error: Unknown option: --nosuch\nUsage - Change settings:\n\n  VBoxManage modifyvm <uuid>\n";
    expect(errorLines(usage)).toEqual(["Unknown option: --nosuch"]);
  });
});
