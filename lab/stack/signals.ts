import type { ChildProcess } from "node:child_process";

/** A terminal's Ctrl-C reaches us twice where npm hands it on, too. */
const SAME_MS = 300;

/**
 * Hands on what asks us to end to a child, for as long as it lives: we end when it has. Pulumi cancels an update at the first
 * SIGINT, in good order, and ends at once at a second. It ignores a terminal that is closed (see `deafToHangUp`), so that is a SIGINT, too.
 * @returns what stops that
 */
export function handOnSignals(child: Pick<ChildProcess, "kill">): () => void {
  // Windows' consoles tell all of their programs; a signal from here would end the child at once.
  const isWindows = process.platform === "win32";
  const isTerminal = process.stdin.isTTY === true;
  let last = 0;
  const handOn = (signal: NodeJS.Signals) => {
    const now = Date.now();
    const isSame = now - last < SAME_MS;
    last = now;
    // The terminal has told the child itself.
    if (isSame || isWindows || (signal === "SIGINT" && isTerminal)) return;
    child.kill("SIGINT");
  };
  const signals: NodeJS.Signals[] = ["SIGINT", "SIGTERM", "SIGHUP"];
  for (const signal of signals) process.on(signal, handOn);
  return () => {
    for (const signal of signals) process.removeListener(signal, handOn);
  };
}

/** The call of a program that a closed terminal does not end: an ignored signal stays ignored in what is started. */
export function deafToHangUp(program: string, programArguments: string[]): [string, string[]] {
  if (process.platform === "win32") return [program, programArguments];
  return ["/bin/sh", ["-c", 'trap "" HUP; exec "$0" "$@"', program, ...programArguments]];
}
