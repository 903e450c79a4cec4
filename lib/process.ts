import { spawn } from "node:child_process";
import type { Readable } from "node:stream";

/** How a process ended. */
export interface ProcessResult {
  /** null: it was ended by a signal, or could not be started. */
  status: number | null;
  stdout: string;
  stderr: string;
  timedOut: boolean;
  /** Why it could not be started, for example `ENOENT`. */
  startError?: string;
}

export interface ProcessOptions {
  /** It is ended when it takes longer; no bound where it is left out. */
  timeoutSeconds?: number;
  /** All of its environment; this process's own where it is left out. */
  environment?: NodeJS.ProcessEnv;
  /** Folder to run it in; this process's own where it is left out. */
  folder?: string;
  /** For its standard input, which is empty where it is left out. */
  input?: string | Readable;
  /** Takes each line of its standard output as it comes. */
  onOutput?: (line: string) => void;
  /** Takes each line of its standard error as it comes. */
  onErrorLine?: (line: string) => void;
  /** Ends it when aborted. */
  end?: AbortSignal;
}

/** Runs a program by argument list, never through a shell. Never rejects: the result says how it ended. */
export type RunProcess = (
  file: string,
  args: readonly string[],
  options: ProcessOptions,
) => Promise<ProcessResult>;

/** Time a process has to end by itself once its time is over. */
const GRACE_MILLISECONDS = 5_000;

export const runProcess: RunProcess = (file, args, options) =>
  new Promise((resolve) => {
    const child = spawn(file, args, {
      env: options.environment ?? process.env,
      ...(options.folder === undefined ? {} : { cwd: options.folder }),
      stdio: [options.input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
      windowsHide: true,
    });
    const output = { stdout: "", stderr: "" };
    const outputLines = linesTo(options.onOutput);
    const errorLines = linesTo(options.onErrorLine);
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      output.stdout += text;
      outputLines(text);
    });
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      output.stderr += text;
      errorLines(text);
    });
    // One that ends without reading it says why by its status.
    const stdin = child.stdin?.on("error", () => undefined);
    if (typeof options.input === "string") stdin?.end(options.input);
    else if (stdin) options.input?.on("error", () => child.kill("SIGTERM")).pipe(stdin);

    let timedOut = false;
    let killer: NodeJS.Timeout | undefined;
    const end = () => {
      child.kill("SIGTERM");
      killer ??= setTimeout(() => child.kill("SIGKILL"), GRACE_MILLISECONDS);
    };
    const endLate = () => {
      timedOut = true;
      end();
    };
    const { timeoutSeconds } = options;
    const timer = timeoutSeconds === undefined ? undefined : setTimeout(endLate, timeoutSeconds * 1000);
    options.end?.addEventListener("abort", end);
    const finish = (result: Pick<ProcessResult, "status" | "startError">) => {
      clearTimeout(timer);
      clearTimeout(killer);
      options.end?.removeEventListener("abort", end);
      resolve({ ...output, timedOut, ...result });
    };
    child.on("error", (error: NodeJS.ErrnoException) =>
      finish({ status: null, startError: error.code ?? error.message }),
    );
    child.on("close", (status) => finish({ status }));
  });

/** Gives whole lines on, of a text that comes in pieces. */
function linesTo(take: ((line: string) => void) | undefined): (text: string) => void {
  let rest = "";
  return (text) => {
    if (take === undefined) return;
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) take(line);
  };
}
