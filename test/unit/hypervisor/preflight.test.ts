import { type Finding, formatFindings, problemsIn } from "../../../hypervisor/preflight/finding";
import { networksConf } from "../../../hypervisor/preflight/networks";
import { fittingHypervisor, preflight } from "../../../hypervisor/preflight/preflight";
import type { Probes } from "../../../hypervisor/preflight/probes";
import { hostLike, referencePlan } from "./fixtures";
import { interfacesOf } from "./recorded-computer";

const VBOX = "/usr/bin/VBoxManage";
const FILES = [VBOX, "/usr/bin/genisoimage", "/usr/bin/ssh", "/dev/vboxdrv"];
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
    memory: async () => ({ totalMiB: 65536, availableMiB: 60000 }),
    now: () => new Date("2026-11-21T12:00:00Z"),
    processors: 16,
    freeGiB: () => 500,
    portHindrance: async () => undefined,
    listenerOn: () => undefined,
    officialImage: async () => true,
    interfaces: () => ({}),
    resolvers: () => [],
    run: async () => ({ status: null, stdout: "", stderr: "", timedOut: false, startError: "ENOENT" }),
    vboxManage: async (_hypervisor, args) =>
      files.some((file) => /VBoxManage/.test(file)) ? (known[args.join(" ")] ?? "") : undefined,
    ...rest,
  };
}

async function problems(changes: Parameters<typeof computer>[0] = {}, lab = plan): Promise<Finding[]> {
  return problemsIn(await preflight(lab, computer(changes)));
}

async function found(changes: Parameters<typeof computer>[0], pattern: RegExp, lab = plan): Promise<Finding> {
  const findings = await problems(changes, lab);
  const finding = findings.find(({ found }) => pattern.test(found));
  if (!finding) throw new Error(`nothing like ${pattern} among:\n${formatFindings(findings)}`);
  return finding;
}

it("refuses a layout of the disk where none can be built", async () => {
  const lvm = referencePlan({ hypervisor: "virtualbox", image: { layout: "lvm" } });
  expect(await problems({ isRoot: true }, lvm)).toEqual([]);
  expect((await found({}, /layout is lvm/, lvm)).fix).toContain("image.layout plain");
  expect((await found({ isRoot: true, architecture: "arm64" }, /layout is lvm/, lvm)).severity).toBe("error");
});

it("finds nothing where all is well", async () => {
  expect(await problems()).toEqual([]);
  expect(await fittingHypervisor(computer())).toEqual({ hypervisor: "virtualbox" });
});

it("names an add-on whose image can't be had, and only one that is on", async () => {
  const offline = { officialImage: async () => false };
  const lab = referencePlan({ hypervisor: "virtualbox", addons: { headlamp: { enabled: true } } });
  expect(await problems({}, lab)).toEqual([]);
  expect(await problems(offline)).toEqual([]);
  expect(
    await found(offline, /headlamp.enabled = true: ghcr.io.*headlamp:v0.45.0 can't be had/, lab),
  ).toMatchObject({
    severity: "error",
    found: expect.stringContaining("allowed: false"),
    fix: expect.stringContaining("pulumi config set --path addons.headlamp.enabled false"),
  });
});

it("reads as a list: how it is, what was looked at, what was found, and the fix below it", () => {
  const list: Finding[] = [
    { check: "disk", severity: "ok", found: "10 GiB" },
    { check: "KVM", severity: "error", found: "in the way", fix: "remove it" },
  ];
  expect(formatFindings(list)).toBe(
    "ok       disk  10 GiB\nerror    KVM   in the way\n         fix: remove it",
  );
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
        { answers: { "--version": "7.1.20r1\n" }, architecture: "arm64" },
        /7\.2\.0 or later .* this processor/,
      ),
    ).toBeDefined();
    expect(await found({ answers: { "--version": "?" } }, /no version/)).toMatchObject({ severity: "error" });
  });

  it("gives way to the stand-in where it cannot run, but only where that could", async () => {
    const without = FILES.filter((file) => file !== "/dev/vboxdrv");
    expect(await fittingHypervisor(computer({ files: without }))).toEqual({
      hypervisor: "embedded",
      reason: expect.stringContaining("no /dev/vboxdrv"),
    });
    const host = hostLike("win32", { Path: "C:\\Windows" }, []);
    expect(await fittingHypervisor(computer({ host, files: [] }))).toEqual({ hypervisor: "virtualbox" });
  });

  it.each([
    ["6.1.0-38-amd64", "7.0.16", "Y"],
    ["6.12.48-amd64", "7.2.8", "N"],
    ["6.18.0", "7.2.10", "Y"],
  ])(
    "gets on with KVM on kernel %s, VirtualBox %s, enable_virt_at_load=%s",
    async (kernelRelease, version, value) => {
      const changes = {
        files: [...FILES, "/sys/module/kvm_intel"],
        kernelRelease,
        texts: { "/sys/module/kvm/parameters/enable_virt_at_load": `${value}\n` },
        answers: { "--version": `${version}r1\n` },
      };
      expect(await problems(changes)).toEqual([]);
    },
  );
});

it("finds a clock that is before the program's last commit", async () => {
  const run: Probes["run"] = async (file) => ({
    status: 0,
    stdout: file === "git" ? "2026-12-24T18:00:00+01:00\n" : "",
    stderr: "",
    timedOut: false,
  });
  expect(await found({ run }, /2026-11-21T12:00Z .* written \(2026-12-24T17:00Z\)/)).toMatchObject({
    severity: "error",
  });
});

describe("the lab on this computer", () => {
  it("misses an ISO tool", async () => {
    expect(await found({ files: [VBOX, "/dev/vboxdrv"] }, /ISO/)).toMatchObject({
      fix: expect.stringContaining("genisoimage"),
    });
  });

  it("has ports taken, but not by itself", async () => {
    const portHindrance = async (_address: string, port: number) =>
      port === 2222 ? ("taken" as const) : undefined;
    const listenerOn = () => "sshd (process 4711)";
    const taken = await found(
      { portHindrance, listenerOn },
      /Port 2222 of 127\.0\.0\.1 is taken by sshd \(process 4711\)/,
    );
    expect(taken.fix).toContain("ss -ltnp");
    // Of all addresses: what holds the port until hostAccess.address, which was changed, is the lab's own.
    for (const address of ["127.0.0.1", "0.0.0.0"]) {
      const info = `VMState="running"\ngroups="/kube-lab/dev"\nnic1="nat"\nForwarding(0)="ssh,tcp,${address},2222,10.0.2.15,22"\n`;
      const answers = { [`showvminfo ${gateway} --machinereadable`]: info };
      expect(await problems({ portHindrance, answers })).toEqual([]);
    }
  });

  it("has a port of the user's own forwards taken", async () => {
    const own = referencePlan({
      hypervisor: "virtualbox",
      hostAccess: { forwards: ["8088:kube-node01:30081"] },
    });
    const portHindrance = async (_address: string, port: number) =>
      port === 8088 ? ("taken" as const) : undefined;
    expect(await found({ portHindrance }, /Port 8088 of 127\.0\.0\.1 is taken/, own)).toMatchObject({
      severity: "error",
      fix: expect.stringMatching(/hostAccess\.forwards, or, .*npm run forward -- --remove 8088/),
    });
  });

  it("has lost the address that the lab's ports are on", async () => {
    const portHindrance = async () => "no address of this computer" as const;
    expect(
      await found({ portHindrance }, /127\.0\.0\.1 is no address of this computer; .* port 2222 /),
    ).toMatchObject({ severity: "error", fix: expect.stringContaining("hostAccess.address") });
  });

  it("lacks memory, disk or processors", async () => {
    const memory = async () => ({ totalMiB: 8192, availableMiB: 6000 });
    expect(await found({ memory }, /this computer has 8192 MiB/)).toMatchObject({ severity: "error" });
    expect(
      await found({ memory: async () => ({ totalMiB: 65536, availableMiB: 6000 }) }, /6000 MiB are free/),
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
      await problems({ vboxManage: ours, memory: async () => ({ totalMiB: 8192, availableMiB: 100 }) }),
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

describe("machines that another checkout made", () => {
  const uuid = "11111111-2222-3333-4444-555555555555";
  const machines = ["kube-lab-dev-gate-node01", "kube-lab-dev-kube-mast01"];
  const folder = (machine: string) => `/vms/kube-lab/dev/${machine}`;
  const answers = {
    "list vms": machines.map((machine) => `"${machine}" {${uuid}}\n`).join(""),
    ...Object.fromEntries(
      machines.map((machine) => [
        `showvminfo ${machine} --machinereadable`,
        `groups="/kube-lab/dev"\nUUID="${uuid}"\nCfgFile="${folder(machine)}/${machine}.vbox"\n`,
      ]),
    ),
  };
  const record = (project: string) =>
    JSON.stringify({
      ...{ uuid, incarnation: "one", hostKey: "SHA256:one", project, image: "i", hardware: {} },
      started: "2026-11-21T04:33:10Z",
    });
  const texts = (project: string) =>
    Object.fromEntries(machines.map((machine) => [`${folder(machine)}/kube-lab.json`, record(project)]));

  it("are one problem, with the way to that checkout", async () => {
    const files = [...FILES, "/home/me/other"];
    const about = (await problems({ files, answers, texts: texts("/home/me/other") })).filter(
      ({ check }) => check === "machine names",
    );
    expect(about).toEqual([
      expect.objectContaining({ severity: "error", fix: expect.stringContaining("npm run down") }),
    ]);
    expect(about[0]?.found).toContain("/home/me/other");
  });

  it("are none where that checkout was moved here", async () => {
    expect(await problems({ answers, texts: texts("/home/me/moved") })).toEqual([]);
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
  const files = [...FILES, "/dev/vboxnetctl"];

  it("names the adapters that can be bridged, and says of the one whether it is up", async () => {
    const listed = (name: string) => ({
      "list bridgedifs": `Name:            ${name}\nStatus:          Up\n\nName:            wlp2s0\nStatus:          Down\n`,
    });
    const none = await found(
      { answers: listed("enp3s0") },
      /None of the host's adapters matches "eno1"/,
      bridged,
    );
    expect(none.fix).toContain('"enp3s0", "wlp2s0" (down)');
    expect(await problems({ answers: listed("eno1") }, bridged)).toEqual([]);
    const wireless = referencePlan({
      hypervisor: "virtualbox",
      hostAccess: { mode: "bridged", adapter: "wlp" },
    });
    expect(await found({ answers: listed("eno1") }, /"wlp2s0" is down/, wireless)).toMatchObject({
      severity: "warning",
    });
  });

  it("looks once at the adapter of all machines, and refuses a LAN that is one of the lab's networks", async () => {
    const all = referencePlan({
      hypervisor: "virtualbox",
      hostAccess: { mode: "bridged", adapter: "eno1", bridged: { machines: "all" } },
    });
    const listed = (address: string) => ({
      "list bridgedifs": `Name:            eno1\nIPAddress:       ${address}\nNetworkMask:     255.255.255.0\nStatus:          Up\n`,
    });
    const findings = await preflight(all, computer({ answers: listed("192.168.178.20") }));
    expect(findings.filter(({ check }) => check === "bridged adapter")).toHaveLength(1);
    expect(problemsIn(findings)).toEqual([]);
    const clash = await found({ answers: listed("192.168.1.20") }, /LAN 192\.168\.1\.0\/24 of "eno1"/, all);
    expect(clash).toMatchObject({ severity: "error", fix: expect.stringContaining("networks.mast.cidr") });
    expect(await problems({ answers: listed("0.0.0.0") }, all)).toEqual([]);
  });

  it("asks networks.conf for a host-only subnet, on Linux alone", async () => {
    const refused = await found({ files }, /does not permit the host-only address 192\.168\.254\./, hostonly);
    expect(refused.fix).toContain("echo '* 192.168.254.0/24' | sudo tee -a /etc/vbox/networks.conf");
    const texts = { "/etc/vbox/networks.conf": "# mine\n* 10.0.0.0/8 192.168.254.0/24\n" };
    expect(await problems({ files, texts }, hostonly)).toEqual([]);
    expect(networksConf("* 0.0.0.0/0 ::/0\n")).toBe("all");
    expect(networksConf(undefined)).toEqual(["192.168.56.0/21"]);
    const mac = ["/usr/local/bin/VBoxManage", "/usr/bin/hdiutil"];
    const host = hostLike("darwin", { PATH: "/usr/local/bin" }, mac);
    const checks = (await preflight(hostonly, computer({ files: mac, host }))).map(({ check }) => check);
    expect(checks).toContain("host-only network");
    expect(checks).not.toContain("networks.conf");
  });

  it("wants the driver of host-only networks loaded", async () => {
    const texts = { "/etc/vbox/networks.conf": "* 0.0.0.0/0\n" };
    expect(await found({ texts }, /no \/dev\/vboxnetctl/, hostonly)).toMatchObject({
      fix: "`sudo modprobe vboxnetadp`",
    });
  });

  it("finds a network that serves another lab, and names a free one", async () => {
    const answers = {
      "list hostonlyifs":
        "Name: vboxnet0\nIPAddress: 192.168.56.1\nNetworkMask: 255.255.255.0\n\nName: vboxnet1\nIPAddress: 192.168.57.1\nNetworkMask: 255.255.255.0\n",
      "list vms": `"kube-lab-other-gate-node01" {11111111-2222-3333-4444-555555555555}\n`,
      "showvminfo kube-lab-other-gate-node01 --machinereadable":
        'groups="/kube-lab/other"\nhostonlyadapter6="vboxnet0"\n',
    };
    const ours = referencePlan({ hypervisor: "virtualbox", hostAccess: { mode: "hostonly" } });
    expect(
      await found({ files, answers }, /vboxnet0 .* serves the lab \/kube-lab\/other/, ours),
    ).toMatchObject({
      fix: "pulumi config set --path hostAccess.hostOnly.cidr 192.168.58.0/24",
    });
    const alone = { ...answers, "list vms": "" };
    expect(await problems({ files, answers: alone }, ours)).toEqual([]);
  });
});

describe("a network of the host's that the lab has, too", () => {
  const interfaces = () => interfacesOf({ vboxnet0: ["192.168.56.1/24"], eno1: ["192.168.4.7/24"] });

  it("is not the lab's own host-only network", async () => {
    const hostonly = referencePlan({ hypervisor: "virtualbox", hostAccess: { mode: "hostonly" } });
    const list = "Name:            vboxnet0\nIPAddress:       192.168.56.1\nNetworkMask:     255.255.255.0\n";
    const own = { interfaces, files: [...FILES, "/dev/vboxnetctl"] };
    const named = (findings: Finding[]) => findings.map(({ found }) => found.split(" = ")[0]);
    const answers = { "list hostonlyifs": list };
    expect(named(await problems({ ...own, answers }, hostonly))).toEqual(["networks.dmz.cidr"]);
    expect(named(await problems(own, hostonly))).toEqual(["networks.dmz.cidr", "hostAccess.hostOnly.cidr"]);
  });

  it("is none to the stand-in, whose networks are apart", async () => {
    const findings = await preflight(referencePlan({ hypervisor: "embedded" }), computer({ interfaces }));
    expect(findings.filter(({ check }) => check === "host's networks")).toEqual([]);
  });
});

describe("the stand-in", () => {
  const embedded = referencePlan({ hypervisor: "embedded" });

  it("needs Linux, root, programs and kernel features", async () => {
    const modules = {
      "/lib/modules/6.12.48+deb13-amd64/modules.dep": "kernel/fs/overlayfs/overlay.ko.xz:\n",
    };
    const findings = await problems({ texts: modules }, embedded);
    const text = formatFindings(findings);
    for (const word of ["needs root", "systemd-nspawn", "systemd-container", "btrfs", "vxlan"])
      expect(text).toContain(word);
    expect(text).not.toMatch(/lacks.*overlay/);
    const host = hostLike("darwin", { PATH: "/usr/bin" }, ["/usr/bin/hdiutil"]);
    expect(await found({ host, files: ["/usr/bin/hdiutil"] }, /Linux only/, embedded)).toBeDefined();
  });
});
