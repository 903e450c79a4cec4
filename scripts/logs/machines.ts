import type { ObservedState } from "../../hypervisor/reality/observation";
import type { OutputMachine } from "../../lab/outputs";
import type { LabShell } from "../../lab/shell";

/** A machine, and its clock when it was asked, µs since 1970. */
export interface AskedMachine {
  machine: OutputMachine;
  now: number;
  /** Its clock less this computer's, µs; 0 when that is within what the question itself took and a second. */
  offset: number;
}

const TOLERANCE_MS = 1000;

/**
 * Asks all machines at once for their time. Who does not run or answer is missing, and said.
 * @param say takes a sentence for the person who looks
 */
export async function askClocks(
  machines: readonly OutputMachine[],
  states: ReadonlyMap<string, ObservedState>,
  shell: Pick<LabShell, "run">,
  timeoutMs: number,
  say: (sentence: string) => void,
): Promise<AskedMachine[]> {
  const asked = machines.map(async (machine): Promise<AskedMachine[]> => {
    const state = states.get(machine.name);
    if (state === "missing" || state === "stopped" || state === "made") {
      say(`${machine.name}: it does not run; npm run start starts it`);
      return [];
    }
    try {
      const answer = await clockOf(machine, shell, timeoutMs);
      if (answer.offset !== 0)
        say(`${machine.name}: ${difference(answer.offset)}; its lines have its own time`);
      return [answer];
    } catch (error) {
      say((error as Error).message);
      return [];
    }
  });
  return (await Promise.all(asked)).flat();
}

async function clockOf(
  machine: OutputMachine,
  shell: Pick<LabShell, "run">,
  timeoutMs: number,
): Promise<AskedMachine> {
  const before = Date.now();
  const signal = AbortSignal.timeout(timeoutMs);
  const { stdout } = await shell.run(machine.name, "date +%s%6N", { signal }).catch((error: Error) => {
    if (signal.aborted) throw new Error(`${machine.name}: no answer within ${timeoutMs / 1000} s`);
    throw named(machine.name, error);
  });
  const now = Number(stdout);
  if (!(now > 0)) throw new Error(`${machine.name}: it did not tell its time`);
  const offsetMs = Math.min(now / 1000 - before, 0) || Math.max(now / 1000 - Date.now(), 0);
  return { machine, now, offset: Math.abs(offsetMs) <= TOLERANCE_MS ? 0 : Math.round(offsetMs * 1000) };
}

/** An error that says of which machine it is. */
export function named(machine: string, error: Error): Error {
  return error.message.startsWith(machine) ? error : new Error(`${machine}: ${error.message}`);
}

function difference(offset: number): string {
  const seconds = Math.abs(offset / 1_000_000);
  return `its clock is ${seconds.toFixed(seconds < 10 ? 1 : 0)} s ${offset < 0 ? "behind" : "ahead of"} this computer's`;
}
