import type { ObservedState } from "../../hypervisor/reality/observation";
import type { OutputMachine } from "../../lab/outputs";
import type { LabShell } from "../../lab/shell";
import type { LogEntry } from "./entry";
import { inOrder } from "./live";
import { askClocks } from "./machines";
import { merged } from "./merge";
import type { LogQuestion } from "./question";
import { future, type LogReading, past, sourcesOf } from "./sources";

/** For the way to a machine and its first answer; all are asked at once. */
const ANSWER_MS = 20_000;

/** Where logs are read, and how. */
export interface LoggingLab extends Omit<LogReading, "shell"> {
  machines: readonly OutputMachine[];
  /** What the hypervisor says, by machine. */
  states: ReadonlyMap<string, ObservedState>;
  shell: Pick<LabShell, "run" | "lines">;
}

/**
 * What all machines have logged, in order of their own times; goes on with what they log from now on where that is wanted.
 * @throws Error where no machine answers
 */
export async function* labLogs(lab: LoggingLab, question: LogQuestion): AsyncGenerator<LogEntry> {
  const { machines, states, shell, say, ending } = lab;
  const asked = await askClocks(machines, states, shell, ANSWER_MS, say);
  if (ending.aborted) return;
  if (asked.length === 0 && !question.follow)
    throw new Error("no machine answered; npm run status says more");
  const since = question.sinceMs * 1000;
  yield* merged(
    asked.flatMap(({ machine, now, offset }) =>
      sourcesOf(machine, question).map((source) =>
        past(source, { since: Math.min(since + offset, now), until: now }, lab),
      ),
    ),
  );
  if (!question.follow || ending.aborted) return;
  const nows = new Map(asked.map(({ machine, now }) => [machine.name, now]));
  // Who did not answer may come back, and begins with what it logs then.
  const begun = Date.now() * 1000;
  yield* inOrder(
    machines.flatMap((machine) =>
      sourcesOf(machine, question).map((source) => future(source, nows.get(machine.name) ?? begun, lab)),
    ),
    ending,
  );
}
