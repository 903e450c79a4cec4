import { execFile, spawn } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { dump } from "js-yaml";
import { type ExistingLab, examineLab, existingLab } from "../../lab/existing-lab";
import { Kubectl } from "../../lab/kubectl";
import type { LabOutputs } from "../../lab/outputs";
import { LabShell } from "../../lab/shell";
import { Stack } from "../../lab/stack/stack";
import { ensureBaseDisk } from "../../scripts/set-up/base-disk";
import { type SetUp, setUp } from "../../scripts/set-up/set-up";

const execute = promisify(execFile);

/** A whole lab of a stack of its own, driven as a person would and looked at from outside. */
export class LabUnderTest {
  private constructor(
    readonly name: string,
    readonly setUp: SetUp,
    readonly stack: Stack,
    private readonly configFile: string,
  ) {}

  outputs!: LabOutputs;
  shell!: LabShell;
  kubectl!: Kubectl;

  /** @param values configuration that it begins with, by top-level keys */
  static async create(name: string, values: Record<string, unknown> = {}): Promise<LabUnderTest> {
    const folder = join(".kube-lab", "test");
    mkdirSync(folder, { recursive: true });
    const configFile = join(folder, `Pulumi.${name}.yaml`);
    writeConfiguration(configFile, values);
    const ready = await setUp(name, configFile);
    const lab = new LabUnderTest(name, ready, new Stack(name, ready, configFile), configFile);
    lab.values = values;
    await lab.stack.select();
    return lab;
  }

  /** Sets keys of the namespace `kube-lab`, whole top-level values at a time. */
  configure(values: Record<string, unknown>): Promise<void> {
    return this.mergeConfiguration(values);
  }

  /** As `npm run up` does; returns what it printed and reads the outputs again. */
  async up(): Promise<string> {
    await this.buildWhatIsWanted();
    const text = await this.stack.text(["up", "--yes", "--skip-preview"]);
    await this.readOutputs();
    return text;
  }

  /** As set-up does before an up: what is switched on has to be in the bundle, and the base disk may be another's. */
  async buildWhatIsWanted(): Promise<void> {
    this.setUp.bundle = (await ensureBaseDisk(this.stack.plan(), () => undefined)).bundle;
  }

  /** Of the last `up`, with the ways to machines and cluster that are among them. */
  async readOutputs(): Promise<void> {
    await this.close();
    this.outputs = await this.stack.outputs();
    this.shell = new LabShell(this.outputs.access);
    this.kubectl = new Kubectl(join(this.setUp.bundle, "bin", "kubectl"), this.outputs.kubeconfig);
  }

  /**
   * An `up` whose process group is killed at a moment, as a terminal that dies does it; its plugins end by themselves.
   * @returns whether it was still at work
   */
  async killedUp(moment: Promise<unknown>): Promise<boolean> {
    const words = ["up", "--yes", "--skip-preview", "--non-interactive"];
    const own = ["--stack", this.name, "--config-file", this.configFile];
    const { pulumi, environment, project } = this.setUp;
    const child = spawn(pulumi, [...words, ...own], {
      ...{ cwd: project, env: environment, detached: true, stdio: "ignore" },
    });
    const ended = new Promise<void>((resolve) => child.on("close", () => resolve()));
    await Promise.race([ended, moment]);
    const atWork = child.exitCode === null;
    if (atWork && child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
    await ended;
    return atWork;
  }

  /** `pulumi destroy` and `stack rm`. */
  async down(): Promise<string> {
    await this.close();
    const text = await this.stack.text(["destroy", "--yes", "--skip-preview"]);
    await this.stack.remove();
    rmSync(this.configFile, { force: true });
    // The engine keeps the salt of an imported state there.
    rmSync(`Pulumi.${this.name}.yaml`, { force: true });
    return text;
  }

  /** Runs the hypervisor's own program, as somebody behind Pulumi's back would. */
  async vboxManage(...commandArguments: string[]): Promise<string> {
    const { stdout } = await execute(this.setUp.vboxManage, commandArguments, {
      maxBuffer: 16 * 1024 * 1024,
    });
    return stdout;
  }

  /** What a login shell on a machine prints; fails with its words when it fails. */
  async on(machine: string, command: string, timeoutMs = 60_000): Promise<string> {
    const result = await this.shell.run(machine, command, { timeoutMs });
    if (result.status !== 0)
      throw new Error(`${machine}: ${command}: ${result.status}\n${result.stdout}${result.stderr}`);
    return result.stdout;
  }

  /** As the commands of day two get it. */
  existing(): Promise<ExistingLab> {
    return existingLab(this.stack, this.stack.plan());
  }

  /** What `npm run status` calls bad, a line each. */
  async ailments(): Promise<string[]> {
    const checks = await examineLab(await this.existing(), this.shell);
    const bad = checks.filter(({ healthy }) => !healthy);
    return bad.map(({ kind, name, detail }) => `${kind} ${name}: ${detail}`);
  }

  /**
   * Asks the API over and over while `work` runs, or something behind it by another path.
   * @returns the longest time in seconds without an answer.
   */
  async longestSilenceDuring(work: () => Promise<void>, path = "/readyz"): Promise<number> {
    const kubectl = new Kubectl(join(this.setUp.bundle, "bin", "kubectl"), this.outputs.kubeconfig);
    let done = false;
    let longestMs = 0;
    const ask = async () => {
      let answered = Date.now();
      while (!done) {
        const success = await kubectl.run(["get", `--raw=${path}`, "--request-timeout=2s"]).then(
          () => true,
          () => false,
        );
        longestMs = Math.max(longestMs, Date.now() - answered);
        if (success) answered = Date.now();
        await new Promise((resolve) => setTimeout(resolve, 500));
      }
    };
    const asking = ask();
    try {
      await work();
    } finally {
      done = true;
      await asking;
      kubectl.close();
    }
    return longestMs / 1000;
  }

  async close(): Promise<void> {
    await this.shell?.close();
    this.kubectl?.close();
  }

  private values: Record<string, unknown> = {};

  private async mergeConfiguration(values: Record<string, unknown>): Promise<void> {
    Object.assign(this.values, values);
    writeConfiguration(this.configFile, this.values);
  }
}

function writeConfiguration(file: string, values: Record<string, unknown>): void {
  const config = Object.fromEntries(Object.entries(values).map(([key, value]) => [`kube-lab:${key}`, value]));
  writeFileSync(file, dump({ config }));
}

/**
 * Waits until `attempt` gives a value other than undefined; errors count as "not yet".
 * @throws Error with what was waited for and the last error, after `timeoutMs`.
 */
export async function eventually<T>(
  what: string,
  timeoutMs: number,
  attempt: () => Promise<T | undefined>,
): Promise<T> {
  const end = Date.now() + timeoutMs;
  let last = "no answer";
  while (Date.now() < end) {
    const asked = Date.now();
    try {
      const value = await attempt();
      if (value !== undefined) return value;
      last = "not yet";
    } catch (error) {
      last = (error as Error).message;
    }
    // A look at a whole lab takes from what it waits for.
    await new Promise((resolve) => setTimeout(resolve, Math.max(250, Date.now() - asked)));
  }
  throw new Error(`waited ${timeoutMs / 1000} s for ${what}; last: ${last}`);
}
