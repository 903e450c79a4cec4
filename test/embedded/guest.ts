import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { type Answer, call, type Program } from "./program";

export interface GuestPlan {
  name: string;
  /** Last two hexadecimal digits of its MACs and last byte of its address in the internal network. */
  number: number;
  /** Host port that NAT carries to its ssh. */
  sshPort: number;
}

/** A machine of the tests: NAT on adapter 1, the internal network `lan`, 192.168.77.0/24, on adapter 2. */
export class Guest {
  readonly name: string;
  private readonly key: string;

  constructor(
    private readonly program: Program,
    private readonly plan: GuestPlan,
  ) {
    this.name = plan.name;
    this.key = join(program.folder, "test-key");
  }

  /** A linked clone of `image`, with a seed. */
  async create(): Promise<void> {
    const { must } = this.program;
    await must(
      "clonevm",
      "image",
      "--snapshot",
      "base",
      "--options",
      "Link",
      "--name",
      this.name,
      "--groups",
      "/test",
      "--register",
    );
    await must(
      ...["modifyvm", this.name, "--cpus", "1", "--memory", "600"],
      ...[
        "--nic1",
        "nat",
        "--macaddress1",
        this.mac(1),
        "--natpf1",
        `ssh,tcp,127.0.0.1,${this.plan.sshPort},,22`,
      ],
      ...["--nic2", "intnet", "--macaddress2", this.mac(2), "--intnet2", `lan of ${this.program.folder}`],
    );
    await this.drive(this.writeSeed([this.mac(1), this.mac(2)]));
  }

  /** What its seed knows the adapter by. */
  mac(adapter: 1 | 2): string {
    return `08002700${[adapter, this.plan.number].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
  }

  drive(medium: string): Promise<string> {
    const slot = ["--storagectl", "SATA", "--port", "2", "--device", "0", "--type", "dvddrive"];
    return this.program.must("storageattach", this.name, ...slot, "--medium", medium);
  }

  start(): Promise<string> {
    return this.program.must("startvm", this.name, "--type", "headless");
  }

  async state(): Promise<string> {
    return (await this.info("VMState")) ?? "";
  }

  async info(key: string): Promise<string | undefined> {
    const text = await this.program.must("showvminfo", this.name, "--machinereadable");
    return new RegExp(`^"?${key}"?="?([^"\n]*)"?$`, "m").exec(text)?.[1];
  }

  /** Runs a command as root inside, over the forwarded ssh. */
  ssh(command: string): Promise<Answer> {
    const options = [
      "StrictHostKeyChecking=no",
      "UserKnownHostsFile=/dev/null",
      "LogLevel=ERROR",
      "ConnectTimeout=5",
    ];
    return call("ssh", [
      ...options.flatMap((option) => ["-o", option]),
      ...["-i", this.key, "-p", `${this.plan.sshPort}`, "root@127.0.0.1", command],
    ]);
  }

  async mustSsh(command: string): Promise<string> {
    const answer = await this.ssh(command);
    if (answer.status !== 0) throw new Error(`${this.name}: ${command}: ${answer.status} ${answer.stderr}`);
    return answer.stdout.trim();
  }

  /** Until ssh answers; the forward takes connections before the guest does. */
  untilUp(): Promise<void> {
    return until(`${this.name} answers by ssh`, async () => (await this.ssh("true")).status === 0);
  }

  /** From inside, and until it has booted again. */
  async reboot(): Promise<void> {
    const boot = "systemctl show --property=UserspaceTimestampMonotonic --value";
    const first = await this.mustSsh(boot);
    await this.ssh("systemctl reboot");
    await until(`${this.name} has booted again`, async () => {
      const again = await this.ssh(boot);
      return again.status === 0 && again.stdout.trim() !== first;
    });
  }

  untilState(state: string): Promise<void> {
    return until(`${this.name} is ${state}`, async () => (await this.state()) === state);
  }

  private writeSeed([nat, lan]: string[]): string {
    const folder = join(this.program.folder, "seeds", this.name);
    mkdirSync(folder, { recursive: true });
    const colons = (mac = "") => mac.replace(/..(?=.)/g, "$&:");
    const files = {
      "meta-data": `instance-id: ${this.name}\nlocal-hostname: ${this.name}\n`,
      "user-data": `#cloud-config\ndisable_root: false\nusers: [{name: root, ssh_authorized_keys: ["${this.publicKey()}"]}]\n`,
      "network-config": [
        "version: 2",
        "ethernets:",
        `  nat: {match: {macaddress: "${colons(nat)}"}, addresses: [10.0.2.15/24]}`,
        `  lan: {match: {macaddress: "${colons(lan)}"}, addresses: [192.168.77.${this.plan.number}/24]}`,
        "",
      ].join("\n"),
    };
    for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
    const iso = join(folder, "seed.iso");
    execFileSync(
      "genisoimage",
      ["-quiet", "-volid", "cidata", "-joliet", "-rock", "-o", iso, ...Object.keys(files)],
      { cwd: folder },
    );
    return iso;
  }

  private publicKey(): string {
    return readFileSync(`${this.key}.pub`, "utf8").trim();
  }
}

export function makeKey(program: Program): void {
  execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", join(program.folder, "test-key")]);
}

/** Waits, at most two minutes: the computer may be busy with other tests. */
export async function until(what: string, isTrue: () => Promise<boolean>): Promise<void> {
  const started = Date.now();
  while (!(await isTrue())) {
    if (Date.now() - started > 120_000) throw new Error(`two minutes were not enough until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

/** A port of the host that nothing listens on. */
export function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });
}
