import { type ChildProcess, spawn } from "node:child_process";
import type { CallContext } from "../protocol/provider";
import { CommandOutput } from "./lines";
import { type CommandRun, loggedStreams, previousOutput, type RunResult } from "./resource";

/** Runs a command of `command:local:Command` on this computer. */
export async function runLocal(run: CommandRun, context: CallContext): Promise<RunResult> {
  const { command, inputs, previous } = run;
  const output = new CommandOutput(loggedStreams(inputs), context.status);
  const interpreter = inputs.interpreter as string[] | undefined;
  const [program = "", ...args] = interpreter?.length ? interpreter : defaultInterpreter();
  const stdin = inputs.stdin as string | undefined;
  const child = spawn(program, [...args, command], {
    cwd: (inputs.dir as string | undefined) ?? process.cwd(),
    env: {
      ...process.env,
      ...(inputs.environment as Record<string, string> | undefined),
      ...previousOutput(inputs, previous),
    },
    stdio: [stdin ? "pipe" : "ignore", "pipe", "pipe"],
    // A process group of its own, so that cancelling reaches what the command has started.
    detached: process.platform !== "win32",
    windowsHide: true,
  });
  const ended = end(child, output);
  // A command that doesn't read its input is no error.
  child.stdin?.on("error", () => undefined).end(stdin);
  const cancel = () => void killTree(child);
  context.signal.addEventListener("abort", cancel);
  if (context.signal.aborted) {
    cancel();
  }
  const problem = await ended;
  context.signal.removeEventListener("abort", cancel);
  output.end();
  if (problem !== undefined) {
    throw new Error(`${problem}: running ${JSON.stringify(command)}:\n${output.all()}`);
  }
  return { stdout: output.text("stdout"), stderr: output.text("stderr") };
}

function defaultInterpreter(): string[] {
  return process.platform === "win32" ? ["cmd", "/C"] : ["/bin/sh", "-c"];
}

/** Resolves with what went wrong, in the words of the real plugin, when the process and its streams have ended. */
function end(child: ChildProcess, output: CommandOutput): Promise<string | undefined> {
  child.stdout?.on("data", (chunk: Buffer) => output.write("stdout", chunk));
  child.stderr?.on("data", (chunk: Buffer) => output.write("stderr", chunk));
  return new Promise((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("close", (code, signal) => {
      if (signal !== null) {
        resolve(`signal: ${signal}`);
      } else {
        resolve(code === 0 ? undefined : `exit status ${code}`);
      }
    });
  });
}

/** Ends a command and all it has started: politely, and for good if it's still there after a few seconds. */
function killTree(child: ChildProcess): void {
  const { pid } = child;
  if (pid === undefined) {
    return;
  }
  if (process.platform === "win32") {
    spawn("taskkill", ["/pid", String(pid), "/T", "/F"], { stdio: "ignore", windowsHide: true });
    return;
  }
  signalGroup(pid, "SIGTERM");
  const killer = setTimeout(() => signalGroup(pid, "SIGKILL"), 5000);
  child.once("close", () => clearTimeout(killer));
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // Gone already.
  }
}
