import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { dump } from "js-yaml";
import { diskUnderTest } from "./disk-under-test";

/** Without hardware virtualisation a boot takes minutes. */
const boundSeconds = 900;
const silentSeconds = 45;
jest.setTimeout((2 * boundSeconds + 60) * 1000);

let folder: string;
let machine: ChildProcess | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "kube-lab-boot-"));
});
afterEach(() => {
  machine?.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

it("boots as a PC from its BIOS off a SATA disk, and cloud-init does what the seed says", async () => {
  const console = await boot(await diskUnderTest(), makeSeed());
  expect(console).toContain("report host=base-test");
  expect(console).toContain("report user=debian key=ssh-ed25519");
  expect(console).toMatch(/report machine-id=[0-9a-f]{32}\b/);
  expect(console).toMatch(/report root=\/dev\/sda1 ext4 /);
  expect(console).toMatch(/report failed= *\r?\n/);
  expect(console).toMatch(/report drivers=e1000 virtio_net virtio_rng vboxguest *\r?\n/);
  expect(console).toContain("base-test login:");
});

/** A seed as a lab's machine gets it, whose script tells on the serial console what it finds. */
function makeSeed(): string {
  const report = [
    "#!/bin/bash",
    "tell() {",
    '  echo "report host=$(hostname)"',
    '  echo "report user=debian key=$(cut -c1-40 /home/debian/.ssh/authorized_keys)"',
    '  echo "report machine-id=$(cat /etc/machine-id)"',
    '  echo "report root=$(findmnt -no SOURCE,FSTYPE,SIZE /)"',
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
