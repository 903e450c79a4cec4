import { spawn } from "node:child_process";
import { access, constants } from "node:fs/promises";
import { delimiter, join } from "node:path";

export interface RunOptions {
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  /** Milliseconds until it's ended as failed. */
  timeout?: number;
  /** Takes each line of its standard error as it comes. */
  onErrorLine?: (line: string) => void;
}

/**
 * Runs a program to its end and returns its standard output.
 * @throws Error with the command, its exit status and the end of what it printed.
 */
export function run(program: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      stdio: ["ignore", "pipe", "pipe"],
      windowsHide: true,
      ...(options.cwd !== undefined && { cwd: options.cwd }),
      ...(options.env !== undefined && { env: options.env }),
      ...(options.timeout !== undefined && { timeout: options.timeout }),
    });
    let stdout = "";
    let stderr = "";
    let line = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
      const lines = (line + text).split("\n");
      line = lines.pop() ?? "";
      for (const whole of lines) {
        options.onErrorLine?.(whole);
      }
    });
    const fail = (reason: string) => {
      const end = (stderr || stdout).trimEnd().split("\n").slice(-20).join("\n");
      reject(new Error(`${[program, ...args].join(" ")}: ${reason}${end && `\n${end}`}`));
    };
    child.once("error", (error) => fail(error.message));
    child.once("close", (code, signal) => {
      if (code === 0) {
        resolve(stdout);
      } else {
        fail(code === null ? `ended by ${signal}` : `exit status ${code}`);
      }
    });
  });
}

/** The full path of a program on PATH, or undefined. On Windows an .exe: nothing else starts without a shell. */
export async function findProgram(
  name: string,
  environment: NodeJS.ProcessEnv,
  except: (folder: string) => boolean = () => false,
): Promise<string | undefined> {
  const file = process.platform === "win32" ? `${name}.exe` : name;
  for (const folder of (environment.PATH ?? environment.Path ?? "").split(delimiter)) {
    const candidate = join(folder, file);
    if (folder !== "" && !except(folder) && (await isExecutable(candidate))) {
      return candidate;
    }
  }
  return undefined;
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}
