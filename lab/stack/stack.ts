import { type SpawnOptions, spawn } from "node:child_process";
import type { LabPlan } from "../../plan/lab-plan";
import { removeSalt } from "../../supply/engine/backend";
import { type LabOutputs, readOutputs } from "../outputs";
import { projectName, type StackFiles, stackFiles } from "./backend-folder";
import type { EngineSetUp } from "./engine-set-up";
import { keepingState, mendState, setAside } from "./kept-state";
import { releaseDeadLocks } from "./locks";
import { deafToHangUp, handOnSignals } from "./signals";
import { usablePlanOfStack } from "./stack-plan";

/** What `pulumi stack export` prints, as far as we look at it. */
export interface StackState {
  deployment: {
    resources?: StackResource[];
  };
}

export interface StackResource {
  urn: string;
  type: string;
  inputs?: Record<string, unknown>;
  outputs?: Record<string, unknown>;
  /** ISO 8601; absent for what an engine of before 2023 has made. */
  modified?: string;
}

interface Finished {
  status: number;
  stdout: string;
  stderr: string;
}

/** Commands of Pulumi that change the state, and hold its lock meanwhile. */
const changing = ["up", "destroy"];

/** One stack of the project, driven through the Pulumi CLI as a person would. */
export class Stack {
  constructor(
    readonly name: string,
    private readonly setUp: EngineSetUp,
    /** Another place than `Pulumi.<stack>.yaml` for the stack's configuration. */
    private readonly configFile?: string,
  ) {}

  /** Its plan as the configuration's file has it now, to look at the lab: whatever is wrong there, it is one that can be used. */
  plan(): LabPlan {
    const file = this.configFile ?? `Pulumi.${this.name}.yaml`;
    return usablePlanOfStack(this.name, file, this.setUp.plan.hypervisor).plan;
  }

  /** Makes the stack known to the backend; harmless when it is. */
  async select(): Promise<void> {
    await this.output(["stack", "select", "--create", this.name]);
  }

  /**
   * Whether there is a state that can be read, or none yet; one that was cut off is repaired where its kept copy is there.
   * @param start over where it cannot be repaired: what it knew is lost
   */
  repair({ begin = false } = {}): boolean {
    const files = this.files();
    if (files === undefined || mendState(files, say)) return true;
    if (begin) {
      setAside(files.state);
      say(`Pulumi's state is broken and set aside: ${files.state}.broken`);
    }
    return begin;
  }

  /** Runs `pulumi <command>` on this stack with our own terminal. Returns its exit status. */
  run(command: string[]): Promise<number> {
    return this.spawn(this.arguments(command), { stdio: "inherit" }).then(({ status }) => status);
  }

  /**
   * Runs `pulumi <command>` on this stack and returns both its streams, interleaved as they came.
   * @throws Error with that text when it fails.
   */
  async text(command: string[]): Promise<string> {
    return this.output(this.arguments(command));
  }

  /**
   * The outputs of the stack's lab, secrets in clear: never log them.
   * @throws Error when the stack has no lab, or one that never came up whole.
   */
  async outputs(): Promise<LabOutputs> {
    const { status, stdout, stderr } = await this.spawn(
      this.arguments(["stack", "output", "--json", "--show-secrets"]),
      { stdio: ["ignore", "pipe", "pipe"] },
    );
    if (status !== 0) throw new Error(`stack ${this.name} has no outputs to read: ${stderr.trim()}`);
    return readOutputs(JSON.parse(stdout) as Record<string, unknown>);
  }

  /** The whole state as the engine keeps it: secrets stay encrypted. */
  async exportState(): Promise<StackState> {
    return JSON.parse(await this.exported([])) as StackState;
  }

  /** The whole state as text, with every secret in clear: for who has to know what is one. */
  stateInClear(): Promise<string> {
    return this.exported(["--show-secrets"]);
  }

  private async exported(options: string[]): Promise<string> {
    const { status, stdout, stderr } = await this.spawn(this.arguments(["stack", "export", ...options]), {
      stdio: ["ignore", "pipe", "pipe"],
    });
    if (status !== 0) throw new Error(`the state of ${this.name} can't be read: ${stderr.trim()}`);
    return stdout;
  }

  /** Whether the state knows of nothing at all: no lab was made, or all of it is destroyed. */
  async isEmpty(): Promise<boolean> {
    const { resources = [] } = (await this.exportState()).deployment;
    return resources.length === 0;
  }

  /** Forgets the stack after its resources are gone. */
  async remove(): Promise<void> {
    await this.output(["stack", "rm", this.name, "--yes"]);
  }

  private arguments(command: string[]): string[] {
    const stack = ["--stack", this.name];
    // `stack …` commands read no configuration and refuse its option.
    if (command[0] === "stack") return [...command, ...stack];
    const config = this.configFile === undefined ? [] : ["--config-file", this.configFile];
    return [...command, ...stack, ...config];
  }

  private async output(command: string[]): Promise<string> {
    const { status, stdout, stderr } = await this.spawn(command, { stdio: ["ignore", "pipe", "pipe"] });
    if (status !== 0)
      throw new Error(`pulumi ${command.join(" ")} ended with status ${status}:\n${stdout}${stderr}`);
    return stdout + stderr;
  }

  /** The CLI writes its salt into the configuration's file at each use; the state has it, and a checkout stays clean. */
  private async spawn(command: string[], options: SpawnOptions): Promise<Finished> {
    if (!this.repair())
      throw new Error(
        `Pulumi's state of ${this.name} is broken, and no copy is there: ${this.files()?.state}\nTo take the lab's machines away and start over: npm run down -- --stack ${this.name}`,
      );
    const changes = changing.includes(command[0] ?? "");
    const files = changes ? this.files() : undefined;
    if (files !== undefined) releaseDeadLocks(files.locks, this.name, say);
    try {
      return await keepingState(files, () => this.start(command, options));
    } finally {
      if (this.configFile === undefined) await removeSalt(this.setUp.project, this.name);
    }
  }

  private start(command: string[], options: SpawnOptions): Promise<Finished> {
    const result = { status: 1, stdout: "", stderr: "" };
    return new Promise((resolve, reject) => {
      const [program, words] = deafToHangUp(this.setUp.pulumi, ["--non-interactive", ...command]);
      const child = spawn(program, words, {
        ...options,
        cwd: this.setUp.project,
        env: this.setUp.environment,
      });
      const handsOn = handOnSignals(child);
      child.stdout?.on("data", (data: Buffer) => {
        result.stdout += data.toString();
      });
      child.stderr?.on("data", (data: Buffer) => {
        result.stderr += data.toString();
      });
      child.on("error", reject);
      child.on("close", (status) => {
        handsOn();
        resolve({ ...result, status: status ?? 1 });
      });
    });
  }

  /** Where its state is, in a backend that is a folder of this computer. */
  private files(): StackFiles | undefined {
    const { environment, project } = this.setUp;
    return stackFiles(environment.PULUMI_BACKEND_URL, projectName(project), this.name);
  }
}

/** On standard error: standard output may be read as JSON. */
function say(line: string): void {
  console.error(`kube-lab: ${line}`);
}
