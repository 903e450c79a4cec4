import { spawnSync } from "node:child_process";
import { posixWord } from "../../lib/shell-words";

/** A call of a program by its argument list. */
export interface Step {
  command: string[];
  /** It takes away what may be gone already. */
  mayFail?: boolean;
}

/** How commands get an administrator's rights: as they are, by sudo, or not at all. */
export type Rights = "own" | "sudo" | "none";

/** Of this process: root's, an elevated terminal's on Windows; else sudo, which Windows' terminals have not by default. */
export function rightsHere(): Rights {
  if (process.platform !== "win32") return process.getuid?.() === 0 ? "own" : "sudo";
  const { stdout } = spawnSync("whoami.exe", ["/groups", "/fo", "csv", "/nh"], { encoding: "utf8" });
  // Windows' integrity levels high and system.
  return /"S-1-16-(?:12288|16384)"/.test(stdout ?? "") ? "own" : "none";
}

/** The commands as a person would type them. */
export function printed(steps: readonly Step[], rights: Rights, platform: NodeJS.Platform): string[] {
  return steps.map(({ command }) =>
    withRights(command, rights)
      .map((word) => quoted(word, platform))
      .join(" "),
  );
}

function withRights(command: readonly string[], rights: Rights): string[] {
  return rights === "sudo" ? ["sudo", ...command] : [...command];
}

function quoted(word: string, platform: NodeJS.Platform): string {
  if (/^[\w@%+=:,./\\-]+$/.test(word)) return word;
  return platform === "win32" ? `"${word}"` : posixWord(word);
}

/** Runs one program with our own terminal. @returns its exit status */
export type RunStep = (command: string[]) => number;

const runStep: RunStep = ([program = "", ...programArguments]) =>
  spawnSync(program, programArguments, { stdio: "inherit" }).status ?? 1;

/**
 * Says what needs an administrator's rights and how exactly it is called, and does it.
 * @throws Error with the commands, when the rights cannot be had or a command fails.
 */
export function asAdministrator(
  what: string,
  steps: readonly Step[],
  rights: Rights = rightsHere(),
  platform: NodeJS.Platform = process.platform,
  run: RunStep = runStep,
): void {
  const lines = printed(steps, rights, platform).map((line) => `  ${line}`);
  const byHand = `${what} needs an administrator's rights. Run:\n${lines.join("\n")}`;
  if (rights === "none")
    throw new Error(`${byHand}\nor the same command of ours in a terminal opened as administrator.`);
  console.log(`kube-lab: ${what}, with an administrator's rights:\n${lines.join("\n")}`);
  // Asked for once and by itself, so that a refusal is not taken for a route that is gone.
  if (rights === "sudo" && run(["sudo", "--validate"]) !== 0) throw new Error(byHand);
  for (const { command, mayFail } of steps) {
    const status = run(withRights(command, rights));
    if (status !== 0 && !mayFail)
      throw new Error(
        `${command.join(" ")} ended with status ${status}; see its output above. By hand:\n${lines.join("\n")}`,
      );
  }
}
