import { spawn } from "node:child_process";

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
  timeoutSeconds: number;
  environment?: NodeJS.ProcessEnv;
  /** Folder to run it in; this process's own where it is left out. */
  folder?: string;
  /** Takes each line of its standard output as it comes. */
  onOutput?: (line: string) => void;
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
      stdio: ["ignore", "pipe", "pipe"],
      windowsHide: true,
    });
    const output = { stdout: "", stderr: "" };
    let line = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      output.stdout += text;
      if (options.onOutput === undefined) return;
      const lines = (line + text).split("\n");
      line = lines.pop() ?? "";
      for (const whole of lines) options.onOutput(whole);
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => (output.stderr += text));

    let timedOut = false;
    let killer: NodeJS.Timeout | undefined;
    const timer = setTimeout(() => {
      timedOut = true;
      child.kill("SIGTERM");
      killer = setTimeout(() => child.kill("SIGKILL"), GRACE_MILLISECONDS);
    }, options.timeoutSeconds * 1000);
    const finish = (result: Pick<ProcessResult, "status" | "startError">) => {
      clearTimeout(timer);
      clearTimeout(killer);
      resolve({ ...output, timedOut, ...result });
    };
    child.on("error", (error: NodeJS.ErrnoException) =>
      finish({ status: null, startError: error.code ?? error.message }),
    );
    child.on("close", (status) => finish({ status }));
  });
