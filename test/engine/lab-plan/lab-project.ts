import { type ChildProcess, spawn } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { buildSync } from "esbuild";
import { dump } from "js-yaml";
import { baseDisksFile, versionsOf } from "../../../components/base-disk";
import { writeChoice } from "../../../hypervisor/driver/choice";
import { projectName } from "../../../lab/stack/backend-folder";
import { defaultConfiguration } from "../../../plan/config/configuration";
import { planLab } from "../../../plan/plan";
import { defaultKubernetesVersion } from "../../../plan/versions";
import { ensureEngine } from "../../../supply/engine/engine";

const project = resolve(__dirname, "../../..");
const passphrase = "only for this test";
export const template = "kube-lab-image-0a1b2c3d4e5f";

/** One call of recording-hypervisor.ts. */
export interface LocalCall {
  verb: string;
  environment: Record<string, string>;
}

/** A resource as the backend keeps it. */
export interface StateResource {
  urn: string;
  type: string;
  /** Seconds. */
  customTimeouts?: { create?: number };
}

/** What one resource of an update became. */
export interface Step {
  op: string;
  name: string;
}

/** The project in a folder of its own, so that nothing of the checkout's own lab is touched; with the real CLI. */
export class LabProject {
  readonly records: string;
  private seen = "";
  private readonly running = new Set<ChildProcess>();

  private constructor(
    readonly folder: string,
    /** Folder of the Pulumi program that is run: the project's own, or one that imports its lab. */
    private readonly program: string,
    private readonly pulumi: string,
    private readonly environment: NodeJS.ProcessEnv,
  ) {
    this.records = join(folder, "records");
  }

  /** @param program folder below the project of the program that is run */
  static async create(program = "."): Promise<LabProject> {
    const engine = await ensureEngine({ project, report: () => {} });
    const folder = mkdtempSync(join(tmpdir(), "kube-lab-engine-"));
    // Copies: an edit of the checkout while the test runs is no change of the lab.
    const parts = ["Pulumi.yaml", "package.json", "tsconfig.json", "index.ts"];
    const folders = [
      "plan",
      "components",
      "cloud-init",
      "hypervisor",
      "embedded",
      "supply",
      "lib",
      "examples",
    ];
    for (const part of [...parts, ...folders])
      cpSync(join(project, part), join(folder, part), { recursive: true });
    symlinkSync(join(project, "node_modules"), join(folder, "node_modules"));
    for (const part of [
      ...[".kube-lab/programs", ".kube-lab/state"],
      ...["records/machines", "records/seeded", "temporary"],
    ])
      mkdirSync(join(folder, part), { recursive: true });
    buildSync({
      entryPoints: [join(__dirname, "recording-hypervisor.ts")],
      outfile: join(folder, ".kube-lab/programs/hypervisor.js"),
      bundle: true,
      platform: "node",
      target: "node20",
      logLevel: "warning",
    });
    const environment: NodeJS.ProcessEnv = {
      ...process.env,
      ...engine.environment,
      // Its kubectl is a recording one, too.
      PATH: [...engine.path, __dirname, process.env.PATH].join(":"),
      TMPDIR: join(folder, "temporary"),
      PULUMI_BACKEND_URL: `file://${join(folder, ".kube-lab/state")}`,
      PULUMI_CONFIG_PASSPHRASE: passphrase,
      RECORDS: join(folder, "records"),
      VBOXMANAGE: join(__dirname, "VBoxManage"),
    };
    delete environment.PULUMI_CONFIG_PASSPHRASE_FILE;
    const made = new LabProject(folder, join(folder, program), engine.pulumi, environment);
    made.useTemplate(template);
    return made;
  }

  private readonly baseDisks: object[] = [];

  /** As if set-up had made another image, beside those that it made before; without Gluster for a lab that has none. */
  useTemplate(name: string, rootDiskGiB = 30, version = defaultKubernetesVersion, gluster = true): void {
    const configuration = defaultConfiguration("dev");
    const count = gluster ? configuration.gluster.count : 0;
    const record = {
      base: "built",
      rootDiskGiB,
      layout: "plain",
      versions: versionsOf(
        planLab(
          {
            ...configuration,
            kubernetes: { ...configuration.kubernetes, version },
            gluster: { ...configuration.gluster, count },
          },
          "dev",
        ),
      ),
      template: name,
      path: "/nowhere/disk.img",
    };
    this.baseDisks.push(record);
    writeFileSync(baseDisksFile(this.folder), JSON.stringify(this.baseDisks));
  }

  configure(values: Record<string, unknown>): void {
    const config = Object.fromEntries(
      Object.entries(values).map(([key, value]) => [`kube-lab:${key}`, value]),
    );
    writeFileSync(join(this.program, "Pulumi.test.yaml"), dump({ config }));
  }

  /** Somebody edits a file of the program. */
  edit(file: string, from: string, to: string): void {
    const path = join(this.program, file);
    const text = readFileSync(path, "utf8");
    if (!text.includes(from)) throw new Error(`${file} does not contain ${from}`);
    writeFileSync(path, text.replace(from, to));
  }

  /** Runs the CLI; its whole output. @throws Error with it when it fails. */
  run(...words: string[]): Promise<string> {
    return this.runIn(this.program, ...words);
  }

  /** The same for another program of the project. */
  runIn(folder: string, ...words: string[]): Promise<string> {
    return new Promise((resolve, reject) => {
      const child = spawn(this.pulumi, ["--non-interactive", "--color=never", ...words, "--stack", "test"], {
        cwd: folder,
        env: this.environment,
        stdio: ["ignore", "pipe", "pipe"],
      });
      this.running.add(child);
      let output = "";
      for (const stream of [child.stdout, child.stderr]) {
        stream.on("data", (data: Buffer) => {
          output += data.toString();
        });
      }
      child.on("error", reject);
      child.on("close", (status) => {
        this.running.delete(child);
        if (status === 0) resolve(output);
        else reject(new Error(`pulumi ${words.join(" ")}: ${status}\n${output}`));
      });
    });
  }

  /** What a preview would do to resources; without those that stay as they are. */
  async preview(): Promise<Step[]> {
    const { steps } = JSON.parse(await this.run("preview", "--json")) as {
      steps: { op: string; urn: string }[];
    };
    return steps
      .filter(({ op }) => op !== "same")
      .map(({ op, urn }) => ({ op, name: urn.split("::").at(-1) ?? urn }))
      .sort((a, b) => a.name.localeCompare(b.name));
  }

  private get stateFile(): string {
    const name = projectName(this.program);
    return join(this.folder, ".kube-lab/state/.pulumi/stacks", name, "test.json");
  }

  /** Makes the state that of an earlier version of this program, which named its components' types otherwise. */
  nameTypesAsBefore(): void {
    const state = readFileSync(this.stateFile, "utf8");
    writeFileSync(this.stateFile, state.replaceAll("kube-lab:index:", "lab:index:"));
  }

  /** The stack's resources as the backend keeps them. */
  resources(): StateResource[] {
    const { checkpoint } = JSON.parse(readFileSync(this.stateFile, "utf8")) as {
      checkpoint?: { latest?: { resources?: StateResource[] } };
    };
    return checkpoint?.latest?.resources ?? [];
  }

  /** Every file the backend keeps: history, backups and journals hold states, too. */
  everyStateText(): string {
    const folder = join(this.folder, ".kube-lab/state");
    const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
      entry.isFile(),
    );
    return files.map((entry) => readFileSync(join(entry.parentPath, entry.name), "utf8")).join("\n");
  }

  /** Local commands since the last time this was asked. */
  taken(): LocalCall[] {
    const file = join(this.records, "calls.jsonl");
    if (!existsSync(file)) return [];
    const text = readFileSync(file, "utf8");
    rmSync(file);
    this.seen += text;
    return text
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as LocalCall);
  }

  /** Calls of kubectl since the last time this was asked, a line each, and what is left of its kubeconfigs. */
  kubectlCalls(): { calls: string[]; left: string[] } {
    const file = join(this.records, "kubectl");
    const calls = existsSync(file) ? readFileSync(file, "utf8").trim().split("\n") : [];
    rmSync(file, { force: true });
    const temporary = readdirSync(join(this.folder, "temporary"));
    return { calls, left: temporary.filter((name) => name.startsWith("lab-with-workload-")) };
  }

  /** Arguments and environments of all local commands: what other processes of this computer could see. */
  everything(): string {
    this.taken();
    return this.seen;
  }

  /** Somebody deletes a machine behind Pulumi's back. */
  loseMachine(hypervisorName: string): void {
    rmSync(join(this.records, "machines", hypervisorName), { recursive: true });
  }

  /** With what a test that ran out of time has left running. */
  /** As `npm run renew` leaves it, before its update. */
  wishRenewal(hypervisorName: string): void {
    const file = join(this.records, "machines", hypervisorName, "kube-lab.json");
    const record = JSON.parse(readFileSync(file, "utf8")) as object;
    writeFileSync(file, JSON.stringify({ ...record, renew: "2026-11-26T10:00:00Z" }));
  }

  switchOff(hypervisorName: string): void {
    this.setState(hypervisorName, "running", "poweroff");
  }

  switchOn(hypervisorName: string): void {
    this.setState(hypervisorName, "poweroff", "running");
  }

  private setState(hypervisorName: string, from: string, to: string): void {
    const file = join(this.records, "machines", hypervisorName, "info");
    writeFileSync(file, readFileSync(file, "utf8").replace(`VMState="${from}"`, `VMState="${to}"`));
  }

  /** As if set-up had found another hypervisor fit for the computer. */
  chooseHypervisor(hypervisor: "virtualbox" | "embedded"): void {
    writeChoice(this.folder, hypervisor);
  }

  /** Where the lab is, is the hypervisor's to say again. */
  forgetPlace(): void {
    rmSync(join(this.folder, ".kube-lab/labs"), { recursive: true });
  }

  /** What the lab was made with, as its folder has it. */
  loseRecord(): void {
    rmSync(join(this.records, "lab/living-lab.json"));
  }

  remove(): void {
    for (const child of this.running) child.kill("SIGKILL");
    rmSync(this.folder, { recursive: true, force: true });
  }
}
