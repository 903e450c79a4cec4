import { setTimeout as pause } from "node:timers/promises";
import type { OutputMachine } from "../../lab/outputs";
import type { LabShell } from "../../lab/shell";
import type { LogEntry, Span } from "./entry";
import { journalCommand, journalEntry } from "./journal";
import { named } from "./machines";
import { podEntry, podsCommand } from "./pods";
import type { LogQuestion } from "./question";

/** A machine that reads much from a slow disk before it finds something is not lost yet. */
const SILENCE_MS = 60_000;

/** Between attempts to reach a machine again. */
const RETRY_MS = 5000;

/** Where lines of a machine come from: its journal, and its pods' files. */
interface Source {
  machine: string;
  command: (span: Span) => { command: string; stdin?: string };
  entry: (machine: string, line: string) => LogEntry | undefined;
}

/** What a question wants of a machine. */
export function sourcesOf(
  { name, role }: Pick<OutputMachine, "name" | "role">,
  { units, pods }: Pick<LogQuestion, "units" | "pods">,
): Source[] {
  const sources: Source[] = [];
  if (units)
    sources.push({
      machine: name,
      command: (span) => ({ command: journalCommand(span, units) }),
      entry: journalEntry,
    });
  if (pods && (role === "master" || role === "worker"))
    sources.push({ machine: name, command: (span) => podsCommand(span, pods), entry: podEntry });
  return sources;
}

/** How lines are had of machines, and who is told what goes wrong. */
export interface LogReading {
  shell: Pick<LabShell, "lines">;
  say: (sentence: string) => void;
  ending: AbortSignal;
}

/** What a source has logged; it ends early, and that is said, where its machine is lost. */
export async function* past(
  source: Source,
  span: Required<Span>,
  reading: LogReading,
): AsyncGenerator<LogEntry> {
  try {
    yield* entries(source, span, reading, SILENCE_MS);
  } catch (error) {
    if (reading.ending.aborted) return;
    reading.say(`${named(source.machine, error as Error).message}; lines of it are missing`);
  }
}

/** What a source logs from a time on, µs since 1970, also after its machine was away; ends by `ending` alone. */
export async function* future(source: Source, since: number, reading: LogReading): AsyncGenerator<LogEntry> {
  const { say, ending } = reading;
  let from = since;
  let lost = false;
  while (!ending.aborted) {
    try {
      for await (const entry of entries(source, { since: from }, reading)) {
        lost = false;
        from = Math.max(from, entry.time + 1);
        yield entry;
      }
    } catch (error) {
      if (!lost && !ending.aborted)
        say(`${named(source.machine, error as Error).message}; it is tried again until it answers`);
      lost = true;
    }
    await pause(RETRY_MS, undefined, { signal: ending }).catch(() => undefined);
  }
}

async function* entries(
  { machine, command, entry }: Source,
  span: Span,
  { shell, ending }: LogReading,
  silenceMs?: number,
): AsyncGenerator<LogEntry> {
  const { command: line, ...input } = command(span);
  const options = { ...input, signal: ending, ...(silenceMs === undefined ? {} : { silenceMs }) };
  for await (const text of shell.lines(machine, line, options)) {
    const found = entry(machine, text);
    if (found) yield found;
  }
}
