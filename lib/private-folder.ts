import { mkdir } from "node:fs/promises";
import { type Host, pathsOf, variable } from "./host";
import { type RunProcess, runProcess } from "./process";
import { RemedyError } from "./remedy-error";

const TIMEOUT_SECONDS = 30;

type System = Pick<Host, "platform" | "environment">;

/**
 * Makes a folder that only its owner looks into, with all that will be in it: mode 0700, on Windows an access list. A folder
 * that is there already is left as it is.
 */
export async function ensurePrivateFolder(
  folder: string,
  system: System,
  run: RunProcess = runProcess,
): Promise<void> {
  const made = await mkdir(folder, { recursive: true, mode: 0o700 });
  if (made !== undefined) await restrictToOwner(folder, system, run);
}

/**
 * Windows has no file modes: there the folder's access list is replaced by one with its owner alone, who is named by his
 * identifier, since names have blanks and differ by language. Does nothing elsewhere.
 * @throws RemedyError when Windows' own programs fail.
 */
async function restrictToOwner(folder: string, system: System, run: RunProcess = runProcess): Promise<void> {
  if (system.platform !== "win32") return;
  const program = (name: string) =>
    pathsOf("win32").join(variable(system, "SystemRoot") ?? "C:\\Windows", "System32", name);
  const whoami = [program("whoami.exe"), "/user", "/fo", "csv", "/nh"] as const;
  const identifier = /"(S-1-[\d-]+)"/.exec(await output(whoami, system, run))?.[1];
  if (identifier === undefined)
    throw new RemedyError(
      "whoami.exe names no security identifier.",
      "Run `whoami /user` to see what it says.",
    );
  // (OI)(CI): files and folders inside inherit it; F: full access.
  await output(
    [program("icacls.exe"), folder, "/inheritance:r", "/grant:r", `*${identifier}:(OI)(CI)F`, "/q"],
    system,
    run,
  );
}

async function output(
  [file, ...args]: readonly [string, ...string[]],
  system: System,
  run: RunProcess,
): Promise<string> {
  const { status, stdout, stderr, startError } = await run(file, args, {
    timeoutSeconds: TIMEOUT_SECONDS,
    environment: system.environment,
  });
  if (status === 0) return stdout;
  throw new RemedyError(
    `${file} ${args.join(" ")} failed: ${startError ?? (stderr.trim() || stdout.trim() || `status ${status}`)}`,
    "Private keys are to be kept in this folder, and nobody else may read it: see what the program says.",
  );
}
