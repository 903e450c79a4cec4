import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import {
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { dump } from "js-yaml";
import type { DiskLayout } from "../../plan/lab-plan";
import { diskUnderTest } from "./disk-under-test";

/** Without hardware virtualisation a boot takes minutes. */
const boundSeconds = 900;
const silentSeconds = 45;
/** The disk of another layout than the usual one may have to be made first. */
const buildSeconds = 1800;
jest.setTimeout((2 * boundSeconds + buildSeconds) * 1000);

let folder: string;
let machine: ChildProcess | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "kube-lab-boot-"));
});
afterEach(() => {
  machine?.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

/** What each layout must have mounted, and which file system gets what a larger disk has. */
const layouts: { layout: DiskLayout; mounts: Record<string, string>; grows: string; least: number }[] = [
  { layout: "plain", mounts: { "/": "/dev/sda1" }, grows: "/", least: gib(31) },
  {
    layout: "lvm",
    mounts: {
      "/": "/dev/mapper/lab-root",
      "/boot": "/dev/sda1",
      "/home": "/dev/mapper/lab-home",
      "/opt": "/dev/mapper/lab-opt",
      "/tmp": "/dev/mapper/lab-tmp",
      "/usr": "/dev/mapper/lab-usr",
      "/var": "/dev/mapper/lab-var",
    },
    grows: "/var",
    // 13.5 GiB on a disk of 30.
    least: gib(14.5),
  },
];

it.each(layouts)(
  "boots as a PC from its BIOS off a larger SATA disk, $layout, and cloud-init does what the seed says",
  async ({ layout, mounts, grows, least }) => {
    const console = await boot(larger(await diskUnderTest(layout)), makeSeed());
    const mounted = [...console.matchAll(/report mount (\S+) (\S+) ext4 (\d+)/g)];
    expect(Object.fromEntries(mounted.map(([, point, source]) => [point, source]))).toEqual(mounts);
    expect(Number(mounted.find(([, point]) => point === grows)?.[3])).toBeGreaterThan(least);
    expect(console).toContain("report host=base-test");
    expect(console).toMatch(/report cloud-init=status: done *\r?\n/);
    expect(console).toContain("report user=debian key=ssh-ed25519");
    expect(console).toMatch(/report machine-id=[0-9a-f]{32}\b/);
    expect(console).toMatch(/report failed= *\r?\n/);
    expect(console).toMatch(/report drivers=e1000 virtio_net virtio_rng vboxguest *\r?\n/);
    expect(console).toContain("base-test login:");
  },
);

function gib(count: number): number {
  return count * 2 ** 30;
}

/** A copy whose disk is two GiB larger than what is on it. */
function larger(disk: string): string {
  const copy = join(folder, "disk.img");
  execFileSync("cp", ["--sparse=always", "--reflink=auto", disk, copy]);
  truncateSync(copy, statSync(copy).size + gib(2));
  return copy;
}

/** A seed as a lab's machine gets it, whose script tells on the serial console what it finds. */
function makeSeed(): string {
  const report = [
    "#!/bin/bash",
    "tell() {",
    '  echo "report host=$(hostname)"',
    '  echo "report user=debian key=$(cut -c1-40 /home/debian/.ssh/authorized_keys)"',
    '  echo "report machine-id=$(cat /etc/machine-id)"',
    '  findmnt --types ext4 --raw --bytes --noheadings --output TARGET,SOURCE,FSTYPE,SIZE | sed "s/^/report mount /"',
    '  echo "report cloud-init=$(cloud-init status)"',
    '  echo "report failed=$(systemctl list-units --failed --plain --no-legend | cut -d" " -f1 | paste -sd" ")"',
    '  drivers=; for m in e1000 virtio_net virtio_rng vboxguest; do modinfo "$m" >/dev/null && drivers+="$m "; done',
    '  echo "report drivers=$drivers"',
    '  echo "report times $(systemd-analyze time | head -1)"',
    '  echo "report end"',
    "}",
    "systemctl is-system-running --wait >/dev/null",
    "tell >/run/report",
    // Again and again: a login prompt that starts meanwhile hangs up whoever has the line open.
    "for _ in {1..30}; do cat /run/report >/dev/ttyS0; sleep 5; done",
  ].join("\n");
  const hostKey = join(folder, "host-key");
  execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "", "-f", hostKey]);
  const userData = {
    users: [
      {
        name: "debian",
        ssh_authorized_keys: ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAA test"],
      },
    ],
    write_files: [
      { path: "/usr/local/sbin/report", permissions: "0755", content: report },
      // The image has none, and sshd does not start without one.
      {
        path: "/etc/ssh/ssh_host_ed25519_key",
        permissions: "0600",
        content: readFileSync(hostKey, "utf8"),
      },
    ],
    runcmd: [["systemd-run", "--no-block", "/usr/local/sbin/report"]],
  };
  writeFileSync(join(folder, "user-data"), `#cloud-config\n${dump(userData)}`);
  writeFileSync(
    join(folder, "meta-data"),
    dump({ "instance-id": "base-test-1", "local-hostname": "base-test" }),
  );
  const seed = join(folder, "seed.iso");
  const files = ["user-data", "meta-data"].map((name) => join(folder, name));
  execFileSync("genisoimage", ["-quiet", "-output", seed, "-volid", "cidata", "-joliet", "-rock", ...files]);
  return seed;
}

/** KVM where it works: a nested one may offer the device and yet run nothing, which shows as a console that stays silent. */
async function boot(disk: string, seed: string): Promise<string> {
  if (existsSync("/dev/kvm")) {
    try {
      return await run(["kvm"], disk, seed, silentSeconds);
    } catch (error) {
      process.stderr.write(
        `KVM does not do here, emulating instead: ${(error as Error).message.split("\n", 1)[0]}\n`,
      );
    }
  }
  return run(["tcg,thread=multi"], disk, seed, boundSeconds);
}

/**
 * Runs the PC until its report is complete and someone could log in; returns its serial console.
 * @param silence seconds within which the console must show something
 */
function run(accelerator: string[], disk: string, seed: string, silence: number): Promise<string> {
  const devices = [
    ["-machine", "q35", "-accel", ...accelerator, "-cpu", accelerator[0] === "kvm" ? "host" : "max"],
    [
      "-smp",
      "2",
      "-m",
      "1024",
      "-nodefaults",
      "-display",
      "none",
      "-nic",
      "none",
      "-serial",
      "stdio",
      "-no-reboot",
    ],
    ["-device", "ich9-ahci,id=sata"],
    [
      "-drive",
      `if=none,id=root,format=raw,snapshot=on,file=${disk}`,
      "-device",
      "ide-hd,bus=sata.0,drive=root",
    ],
    [
      "-drive",
      `if=none,id=seed,format=raw,readonly=on,file=${seed}`,
      "-device",
      "ide-cd,bus=sata.2,drive=seed",
    ],
  ];
  const child = spawn("qemu-system-x86_64", devices.flat(), { stdio: ["ignore", "pipe", "pipe"] });
  machine = child;
  return new Promise((resolve, reject) => {
    let output = "";
    let spoke = false;
    const stop = () => {
      for (const timer of timers) clearTimeout(timer);
      child.kill("SIGKILL");
    };
    const giveUp = (reason: string) => {
      stop();
      reject(new Error(`${reason}. The end of its console:\n${output.slice(-3000)}`));
    };
    const timers = [
      setTimeout(() => !spoke && giveUp(`a silent console for ${silence} s`), silence * 1000),
      setTimeout(() => giveUp(`no report and login prompt within ${boundSeconds} s`), boundSeconds * 1000),
    ];
    const take = (text: Buffer) => {
      output += text.toString();
      if (!output.includes("report end") || !output.includes("login:")) return;
      stop();
      process.stderr.write(`${/report times.*/.exec(output)?.[0] ?? ""}\n`);
      resolve(output);
    };
    child.stdout.on("data", take);
    child.stdout.once("data", () => {
      spoke = true;
    });
    child.stderr.on("data", take);
    child.once("error", (error) => giveUp(String(error)));
    child.once("exit", (status) => giveUp(`the machine ended with ${status}`));
  });
}
