import {
  type Finding,
  formatFindings,
  preflight,
  whyVirtualBoxCannotRun,
} from "../../../hypervisor/preflight";
import { networksConf } from "../../../hypervisor/preflight-networks";
import type { Probes } from "../../../hypervisor/probes";
import { hostLike, referencePlan } from "./fixtures";

const VBOX = "/usr/bin/VBoxManage";
const FILES = [VBOX, "/usr/bin/genisoimage", "/dev/vboxdrv"];
const plan = referencePlan({ hypervisor: "virtualbox" });
const gateway = plan.machines.find(({ role }) => role === "gateway")?.hypervisorName ?? "";

/** A Linux computer where all is well, with some things changed. */
function computer(
  changes: Partial<Probes> & {
    files?: string[];
    texts?: Record<string, string>;
    answers?: Record<string, string>;
  } = {},
): Probes {
  const { files = FILES, texts = {}, answers = {}, ...rest } = changes;
  const known: Record<string, string> = {
    "--version": "7.2.12r170000\n",
    "list systemproperties": "Default machine folder: /vms\n",
    ...answers,
  };
  return {
    host: hostLike("linux", { PATH: "/usr/bin", HOME: "/home/me" }, files),
    architecture: "x64",
    isRoot: false,
    kernelRelease: "6.12.48+deb13-amd64",
    read: (file) => texts[file],
    exists: (file) => files.includes(file),
    program: (name) => (files.includes(`/usr/bin/${name}`) ? `/usr/bin/${name}` : undefined),
    memory: { totalMiB: 65536, availableMiB: 60000 },
    processors: 16,
    freeGiB: () => 500,
    portTaken: async () => false,
    run: async () => ({ status: 0, stdout: "False\n", stderr: "", timedOut: false }),
    vboxManage: async (_hypervisor, args) =>
      files.some((file) => /VBoxManage/.test(file)) ? (known[args.join(" ")] ?? "") : undefined,
    ...rest,
  };
}

async function found(changes: Parameters<typeof computer>[0], pattern: RegExp, lab = plan): Promise<Finding> {
  const findings = await preflight(lab, computer(changes));
  const finding = findings.find(({ problem }) => pattern.test(problem));
  if (!finding) throw new Error(`nothing like ${pattern} among:\n${formatFindings(findings)}`);
  return finding;
}

it("finds nothing where all is well", async () => {
  expect(await preflight(plan, computer())).toEqual([]);
  expect(await whyVirtualBoxCannotRun(computer())).toBeUndefined();
});

describe("VirtualBox", () => {
  it("is missing, too old or broken", async () => {
    expect(await found({ files: ["/usr/bin/genisoimage"] }, /VBoxManage is not there/)).toMatchObject({
      severity: "error",
    });
    expect(await found({ answers: { "--version": "6.0.24r1\n" } }, /6\.0\.24 is too old/)).toMatchObject({
      severity: "error",
    });
    expect(await found({ answers: { "--version": "6.1.50r1\n" } }, /6\.1\.50 .* maintained/)).toMatchObject({
      severity: "warning",
    });
    expect(
      await found(
        { answers: { "--version": "7.0.20r1\n" }, architecture: "arm64" },
        /7\.1\.0 or later .* this processor/,
      ),
    ).toBeDefined();
    expect(await found({ answers: { "--version": "?" } }, /no version/)).toMatchObject({ severity: "error" });
  });

  it("lacks its kernel driver: by package, and with Secure Boot", async () => {
    const without = FILES.filter((file) => file !== "/dev/vboxdrv");
    const debian = await found({ files: without }, /kernel driver is not loaded/);
    expect(debian.fix).toContain("virtualbox-dkms");
    expect(debian.fix).not.toContain("mokutil");
    const oracle = await found({ files: [...without, "/sbin/vboxconfig"] }, /kernel driver/);
    expect(oracle.fix).toContain("/sbin/vboxconfig");
    const variable = "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c";
    const signed = await found(
      { files: without, texts: { [variable]: "\x06\x00\x00\x00\x01" } },
      /kernel driver/,
    );
    expect(signed.fix).toContain("mokutil");
    expect(await whyVirtualBoxCannotRun(computer({ files: without }))).toContain("kernel driver");
  });

  const kvm = { files: [...FILES, "/sys/module/kvm_intel"] };
  const parameter = "/sys/module/kvm/parameters/enable_virt_at_load";
  it.each([
    ["6.12.48-amd64", "7.2.8", "Y", /holds the processor/],
    ["6.12.48-amd64", "7.2.8", "N", undefined],
    ["6.12.48-amd64", "7.2.10", "Y", undefined],
    ["6.18.0", "7.2.10", "N", /no longer copes/],
    ["6.1.0-38-amd64", "7.0.16", "Y", undefined],
  ])(
    "with KVM on kernel %s, VirtualBox %s, enable_virt_at_load=%s",
    async (kernelRelease, version, value, expected) => {
      const changes = {
        ...kvm,
        kernelRelease,
        texts: { [parameter]: `${value}\n` },
        answers: { "--version": `${version}r1\n` },
      };
      const findings = await preflight(plan, computer(changes));
      expect(findings.map(({ problem }) => problem)).toEqual(
        expected ? [expect.stringMatching(expected)] : [],
      );
    },
  );

  it("has no VT-x or AMD-V to use", async () => {
    expect(
      await found({ texts: { "/proc/cpuinfo": "flags\t\t: fpu sse2\n" } }, /VT-x or AMD-V/),
    ).toMatchObject({ severity: "error" });
    expect(await preflight(plan, computer({ texts: { "/proc/cpuinfo": "flags\t\t: fpu svm\n" } }))).toEqual(
      [],
    );
  });

  it("runs beside Hyper-V on Windows", async () => {
    const files = ["C:\\Program Files\\Oracle\\VirtualBox\\VBoxManage.exe", "C:\\t\\oscdimg.exe"];
    const host = hostLike("win32", { Path: "C:\\t", USERPROFILE: "C:\\Users\\a b" }, files);
    const run: Probes["run"] = async () => ({ status: 0, stdout: "True\r\n", stderr: "", timedOut: false });
    expect(await found({ files, host, run }, /Hyper-V/)).toMatchObject({
      severity: "warning",
      fix: expect.stringContaining("bcdedit"),
    });
    expect(await preflight(plan, computer({ files, host }))).toEqual([]);
  });
});

describe("the lab on this computer", () => {
  it("misses an ISO tool", async () => {
    expect(await found({ files: [VBOX, "/dev/vboxdrv"] }, /ISO/)).toMatchObject({
      fix: expect.stringContaining("genisoimage"),
    });
  });

  it("has ports taken, but not by itself", async () => {
    const portTaken = async (_address: string, port: number) => port === 2222;
    const taken = await found({ portTaken }, /Port 2222 of 127\.0\.0\.1 is taken/);
    expect(taken.fix).toContain("ss -ltnp");
    const info = `VMState="running"\ngroups="/kube-lab/dev"\nnic1="nat"\nForwarding(0)="ssh,tcp,127.0.0.1,2222,10.0.2.15,22"\n`;
    expect(
      await preflight(
        plan,
        computer({ portTaken, answers: { [`showvminfo ${gateway} --machinereadable`]: info } }),
      ),
    ).toEqual([]);
  });

  it("lacks memory, disk or processors", async () => {
    const memory = { totalMiB: 8192, availableMiB: 6000 };
    expect(await found({ memory }, /this computer has 8192 MiB/)).toMatchObject({ severity: "error" });
    expect(
      await found({ memory: { totalMiB: 65536, availableMiB: 6000 } }, /6000 MiB are free/),
    ).toMatchObject({ severity: "warning" });
    expect(await found({ freeGiB: () => 3 }, /3 GiB are free/)).toMatchObject({ severity: "error" });
    expect(await found({ processors: 1 }, /this computer has 1\./)).toMatchObject({ severity: "warning" });
  });

  it("needs no memory for what runs already", async () => {
    const all = plan.machines
      .map(
        ({ hypervisorName }, index) =>
          `"${hypervisorName}" {${String(index).padStart(8, "0")}-2222-3333-4444-555555555555}\n`,
      )
      .join("");
    const answers = { "list vms": all, "list runningvms": all };
    const vboxManage = computer({ answers }).vboxManage;
    const ours: Probes["vboxManage"] = async (hypervisor, args) =>
      args[0] === "showvminfo" ? 'groups="/kube-lab/dev"\n' : vboxManage(hypervisor, args);
    expect(
      await preflight(plan, computer({ vboxManage: ours, memory: { totalMiB: 8192, availableMiB: 100 } })),
    ).toEqual([]);
  });

  it("finds a machine of its name that is something else's", async () => {
    const answers = {
      "list vms": `"${gateway}" {11111111-2222-3333-4444-555555555555}\n`,
      [`showvminfo ${gateway} --machinereadable`]: 'groups="/work"\n',
    };
    expect(await found({ answers }, /not of this lab: its group is \/work/)).toMatchObject({
      severity: "error",
    });
  });
});

describe("host networks", () => {
  const bridged = referencePlan({
    hypervisor: "virtualbox",
    hostAccess: { mode: "bridged", adapter: "eno1" },
  });
  const hostonly = referencePlan({
    hypervisor: "virtualbox",
    hostAccess: { mode: "hostonly", hostOnly: { cidr: "192.168.254.0/24" } },
  });

  it("names the adapters that can be bridged", async () => {
    const answers = {
      "list bridgedifs":
        "Name:            enp3s0\nStatus:          Up\n\nName:            wlp2s0\nStatus:          Down\n",
    };
    expect((await found({ answers }, /no host adapter "eno1"/, bridged)).fix).toContain('"enp3s0", "wlp2s0"');
  });

  it("asks networks.conf for a host-only subnet", async () => {
    expect(
      (await found({}, /does not permit the host-only address 192\.168\.254\./, hostonly)).fix,
    ).toContain("`* 192.168.254.0/24`");
    const texts = { "/etc/vbox/networks.conf": "# mine\n* 10.0.0.0/8 192.168.254.0/24\n" };
    expect(await preflight(hostonly, computer({ texts }))).toEqual([]);
    expect(networksConf("* 0.0.0.0/0 ::/0\n")).toBe("all");
    expect(networksConf(undefined)).toEqual(["192.168.56.0/21"]);
  });
});

describe("the stand-in", () => {
  const embedded = referencePlan({ hypervisor: "embedded" });

  it("has no adapters on the host's own networks", async () => {
    const hostonly = referencePlan({ hypervisor: "embedded", hostAccess: { mode: "hostonly" } });
    expect(await found({}, /has a hostonly adapter, which the stand-in has not/, hostonly)).toMatchObject({
      severity: "error",
    });
  });

  it("needs Linux, root, programs and kernel features", async () => {
    const modules = {
      "/lib/modules/6.12.48+deb13-amd64/modules.dep": "kernel/fs/overlayfs/overlay.ko.xz:\n",
    };
    const findings = await preflight(embedded, computer({ texts: modules }));
    const text = formatFindings(findings);
    for (const word of ["needs root", "systemd-nspawn", "systemd-container", "btrfs", "vxlan"])
      expect(text).toContain(word);
    expect(text).not.toMatch(/lacks.*overlay/);
    const host = hostLike("darwin", { PATH: "/usr/bin" }, ["/usr/bin/hdiutil"]);
    expect(await found({ host, files: ["/usr/bin/hdiutil"] }, /Linux only/, embedded)).toBeDefined();
  });
});
