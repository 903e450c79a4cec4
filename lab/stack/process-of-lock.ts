import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** Clocks of a process's start and of a lock's time differ by less. */
const TOLERANCE_MS = 5_000;

/** Whether a process of this computer is a Pulumi that may have written a lock at that time: numbers are used again. */
export function isLivingPulumi(pid: number, since: Date): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // Somebody else's is alive.
    if ((error as NodeJS.ErrnoException).code !== "EPERM") return false;
  }
  const name = programOf(pid);
  if (name !== undefined && !/pulumi/i.test(name)) return false;
  const startedAt = startOf(pid);
  return startedAt === undefined || startedAt.getTime() <= since.getTime() + TOLERANCE_MS;
}

/** Undefined where the system does not tell. */
function programOf(pid: number): string | undefined {
  switch (process.platform) {
    case "linux":
      return fileText(`/proc/${pid}/comm`);
    case "win32":
      return textOf("tasklist.exe", ["/fi", `PID eq ${pid}`, "/fo", "csv", "/nh"]);
    default:
      return textOf("ps", ["-p", String(pid), "-o", "comm="]);
  }
}

/** Source: proc_pid_stat(5), field 22 in ticks of 1/100 s since the boot; proc_stat(5), btime. */
function startOf(pid: number): Date | undefined {
  if (process.platform !== "linux") return undefined;
  const fields = fileText(`/proc/${pid}/stat`)
    ?.replace(/^.*\) /s, "")
    .split(" ");
  const bootSeconds = /^btime (\d+)$/m.exec(fileText("/proc/stat") ?? "")?.[1];
  const ticks = fields?.[19];
  if (ticks === undefined || bootSeconds === undefined) return undefined;
  return new Date((Number(bootSeconds) + Number(ticks) / 100) * 1000);
}

function fileText(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}

function textOf(program: string, programArguments: string[]): string | undefined {
  const { status, stdout } = spawnSync(program, programArguments, { encoding: "utf8", timeout: 10_000 });
  return status === 0 ? stdout : undefined;
}
