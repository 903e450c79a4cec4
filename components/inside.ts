import * as pulumi from "@pulumi/pulumi";
import type { Observation } from "../hypervisor/reality/observation";
import { utcSeconds } from "../lib/utc";

/**
 * Why a machine has to converge again though nothing about it is new: what is not as its last pass has left it, and when that
 * was, so that the same fault another day is another reason. Undefined where all is well, as far as is known.
 */
export function brokenInside({ inside }: Observation): string | undefined {
  if (inside === undefined || inside === "no answer" || inside.faults.length === 0) return undefined;
  const since = utcSeconds(new Date(inside.since * 1000));
  return `${inside.faults.join(", ")} (since ${since})`;
}

/** What is broken, and who could not be asked: an answer that did not come in time is no reason to change anything. */
export function sayWhatIsInside(observations: ReadonlyMap<string, Observation>): void {
  const broken = [...observations].flatMap(([name, { inside }]) =>
    inside === undefined || inside === "no answer" ? [] : inside.faults.map((fault) => `  ${name}: ${fault}`),
  );
  if (broken.length > 0) void pulumi.log.warn(`broken inside, which up repairs:\n${broken.join("\n")}`);
  const asked = [...observations].filter(([, { inside }]) => inside !== undefined);
  const silent = asked.filter(([, { inside }]) => inside === "no answer").map(([name]) => name);
  if (silent.length === 0) return;
  const who = silent.length === asked.length ? "no machine" : `not ${silent.join(", ")}`;
  void pulumi.log.warn(
    `${who} could be asked what is broken inside: no answer in time. Look: npm run status`,
  );
}
