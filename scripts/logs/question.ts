import type { Values } from "../../lib/command-line";
import { type Filter, filterOf } from "./filter";
import type { Units } from "./journal";
import { sinceForms, sinceMs } from "./since";

export const options = {
  since: {
    type: "string",
    value: "TIME",
    does: "from when on; 10m unless given: 90s, 2h, 1d, 2026-11-27T10:00",
  },
  follow: { type: "boolean", short: "f", does: "goes on with what is logged from now on, until Ctrl-C" },
  machine: {
    type: "string",
    multiple: true,
    value: "NAME",
    does: "of this machine alone; again for one more",
  },
  unit: {
    type: "string",
    multiple: true,
    value: "NAME",
    does: "of this unit, or the kernel; again for one more",
  },
  pod: {
    type: "string",
    multiple: true,
    value: "NAMESPACE/NAME",
    does: "of this pod, its name's beginning is enough; again for one more",
  },
  all: { type: "boolean", does: "the whole journal, not the lab's units alone" },
  json: { type: "boolean", does: "a line of JSON for each" },
} as const;

/** What of the logs of which machines is wanted. */
export interface LogQuestion {
  /** ms since 1970. */
  sinceMs: number;
  follow: boolean;
  /** Of the journal; nothing of it where it is left out. */
  units?: Units;
  /** Beginnings of `namespace/name`, all pods where there is none; nothing of pods where it is left out. */
  pods?: readonly string[];
  /** Each must find its own in a line. */
  filters: readonly Filter[];
}

const usualSince = "10m";

/** @throws Error with everything that is not understood */
export function questionOf(
  { since = usualSince, follow = false, unit, pod, all = false }: Values<typeof options>,
  words: readonly string[],
  nowMs: number,
): LogQuestion {
  const problems: string[] = [];
  const from = sinceMs(since, nowMs);
  if (from === undefined) problems.push(`--since ${since}: allowed is what has passed: ${sinceForms}`);
  if (all && unit !== undefined) problems.push("--all: it is the whole journal; leave it or --unit out");
  for (const name of unit ?? [])
    if (!/^[\w@.:\\-]+$/.test(name))
      problems.push(
        `--unit ${name}: allowed is a unit's name, such as kubelet or haproxy.service, or kernel`,
      );
  for (const name of pod ?? [])
    if (!/^[a-z0-9-]+\/[a-z0-9.-]*$/.test(name))
      problems.push(`--pod ${name}: allowed is NAMESPACE/NAME, such as kube-system/coredns, or kube-system/`);
  const filters = words.flatMap((word) => {
    try {
      return [filterOf(word)];
    } catch (error) {
      problems.push(`${word}: ${(error as Error).message}; leave the slashes out for a text`);
      return [];
    }
  });
  if (from === undefined || problems.length > 0) throw new Error(list("not understood", problems));
  const everything = unit === undefined && pod === undefined;
  return {
    sinceMs: from,
    follow,
    ...(all ? { units: "all" as const } : everything ? { units: "usual" as const } : unit && { units: unit }),
    ...(everything || pod ? { pods: pod ?? [] } : {}),
    filters,
  };
}

/**
 * Those that were asked for by name; all unless any was.
 * @throws Error with every name that none has
 */
export function chosenMachines<Machine extends { name: string }>(
  machines: readonly Machine[],
  names: readonly string[] | undefined,
): readonly Machine[] {
  if (names === undefined) return machines;
  const there = machines.map(({ name }) => name);
  const unknown = names.filter((name) => !there.includes(name));
  if (unknown.length > 0)
    throw new Error(
      list(
        "not understood",
        unknown.map((name) => `--machine ${name}: allowed is ${there.join(", ")}`),
      ),
    );
  return machines.filter(({ name }) => names.includes(name));
}

function list(heading: string, problems: readonly string[]): string {
  return `${heading}:\n${problems.map((problem) => `  ${problem}`).join("\n")}`;
}
