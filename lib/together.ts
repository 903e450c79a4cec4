import { type Log, logFor } from "./progress";
import { RemedyError } from "./remedy-error";

/** A machine as a person and as the hypervisor call it. */
export interface NamedMachine {
  name: string;
  hypervisorName: string;
}

/**
 * Does something with several machines at once, each to its end.
 * @returns what came of each, in the same order
 * @throws RemedyError that names every machine with which it failed.
 */
export async function together<Machine extends NamedMachine, Result>(
  machines: readonly Machine[],
  work: (machine: Machine, log: Log) => Promise<Result>,
): Promise<Result[]> {
  const ends = await Promise.allSettled(machines.map((machine) => work(machine, logFor(machine.name))));
  const failures = ends.flatMap((end, index) =>
    end.status === "rejected" ? [{ name: machines[index]?.name, error: end.reason as Error }] : [],
  );
  if (failures.length > 0) {
    const remedies = failures.map(({ error }) => (error instanceof RemedyError ? error.remedy : ""));
    throw new RemedyError(
      failures.map(({ name, error }) => `${name}: ${error.message}`).join("\n"),
      [...new Set(remedies)].filter(Boolean).join(" "),
    );
  }
  return ends.flatMap((end) => (end.status === "fulfilled" ? [end.value] : []));
}
