import { randomBytes } from "node:crypto";
import { type Changes, diffMaps } from "../protocol/diff";
import type {
  CallContext,
  CheckFailure,
  CheckResult,
  DiffRequest,
  DiffResult,
  Resource,
  UpdateRequest,
} from "../protocol/provider";
import { equal, type PropertyMap, reveal, unknown, type Value } from "../protocol/value";
import { checkInputs, type InputTypes } from "./inputs";

/** A command to run, with the plain values of its resource's inputs. */
export interface CommandRun {
  command: string;
  inputs: PropertyMap;
  /** What the last create or update printed. */
  previous: RunResult;
}

export interface RunResult {
  stdout: string;
  stderr: string;
}

type Runner = (run: CommandRun, context: CallContext) => Promise<RunResult>;

/**
 * `command:local:Command` and `command:remote:Command` as pulumi-command 1.2.1 has them (provider/pkg/provider/local and
 * remote, on pulumi-go-provider's infer package): create, update and delete run a command; a change of `triggers` as a whole
 * replaces (the SDK adds replaceOnChanges for its elements), any other change updates.
 */
export class CommandResource implements Resource {
  /**
   * @param types The inputs it knows.
   * @param complete Fills in defaults and secret marks.
   * @param run Runs a command.
   */
  constructor(
    private readonly types: InputTypes,
    private readonly complete: (inputs: PropertyMap) => PropertyMap,
    private readonly run: Runner,
  ) {}

  check(inputs: PropertyMap): CheckResult {
    const failures: CheckFailure[] = checkInputs(inputs, this.types);
    return { inputs: this.complete(inputs), failures };
  }

  diff({ oldInputs, inputs }: DiffRequest): DiffResult {
    const changes: Changes = diffMaps(withoutInternal(oldInputs), withoutInternal(inputs));
    return {
      changes: new Map(
        [...changes].map(([path, change]) => [path, { change, replace: path === "triggers" }]),
      ),
      replaces: changes.has("triggers") ? ["triggers"] : [],
      changed: changes.size > 0,
    };
  }

  async create(inputs: PropertyMap, preview: boolean, context: CallContext) {
    const id = context.urn.slice(context.urn.lastIndexOf("::") + 2) + randomBytes(4).toString("hex");
    if (preview) {
      return { id, outputs: { ...inputs, stdout: unknown, stderr: unknown } };
    }
    const result = await this.runIfGiven(inputs.create, inputs, { stdout: "", stderr: "" }, context);
    return { id, outputs: { ...inputs, ...result } };
  }

  async update(request: UpdateRequest, context: CallContext): Promise<PropertyMap> {
    const { inputs, oldInputs, oldOutputs, preview } = request;
    if (preview) {
      const changed = !equal(withoutInternal(oldInputs), withoutInternal(inputs));
      const result = changed ? { stdout: unknown, stderr: unknown } : previousResult(oldOutputs);
      return { ...inputs, ...result };
    }
    const command = inputs.update ?? inputs.create;
    return { ...inputs, ...(await this.runIfGiven(command, inputs, previousResult(oldOutputs), context)) };
  }

  async delete(outputs: PropertyMap, context: CallContext): Promise<void> {
    await this.runIfGiven(outputs.delete, outputs, previousResult(outputs), context);
  }

  read(outputs: PropertyMap): PropertyMap {
    return outputs;
  }

  private async runIfGiven(
    command: Value | undefined,
    inputs: PropertyMap,
    previous: RunResult,
    context: CallContext,
  ): Promise<RunResult> {
    if (command === undefined) {
      return previous;
    }
    const plain = Object.fromEntries(Object.entries(inputs).map(([key, value]) => [key, reveal(value)]));
    return this.run({ command: String(reveal(command)), inputs: plain, previous }, context);
  }
}

/** Which streams are to be logged, by the input `logging`. */
export function loggedStreams({ logging }: PropertyMap): { stdout: boolean; stderr: boolean } {
  const both = logging === undefined || logging === "stdoutAndStderr";
  return { stdout: both || logging === "stdout", stderr: both || logging === "stderr" };
}

/** The environment variables that carry what the last create or update printed. */
export function previousOutput(inputs: PropertyMap, previous: RunResult): Record<string, string> {
  if (inputs.addPreviousOutputInEnv === false) {
    return {};
  }
  return {
    ...(previous.stdout !== "" && { PULUMI_COMMAND_STDOUT: previous.stdout }),
    ...(previous.stderr !== "" && { PULUMI_COMMAND_STDERR: previous.stderr }),
  };
}

function previousResult(outputs: PropertyMap): RunResult {
  return { stdout: plainText(outputs.stdout), stderr: plainText(outputs.stderr) };
}

function plainText(value: Value | undefined): string {
  return value === undefined ? "" : String(reveal(value));
}

function withoutInternal(inputs: PropertyMap): PropertyMap {
  return Object.fromEntries(
    Object.entries(inputs).filter(([key]) => key !== "version" && !key.startsWith("__")),
  );
}
