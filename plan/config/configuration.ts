import type { Hypervisor } from "../lab-plan";
import { type LivingLab, livingHypervisor, withLivingValues } from "./changes";
import { everyCheck } from "./checks/every-check";
import { type Configuration, fillIn } from "./defaults";
import type { HostCapacity } from "./host-capacity";
import { ConfigurationError, merged, type Problem } from "./problems";
import { read } from "./reading";
import { schema } from "./schema";

export type { LivingLab } from "./changes";
export type { Configuration } from "./defaults";
export type { HostCapacity as HostFacts } from "./host-capacity";
export { ConfigurationError } from "./problems";

/**
 * The complete configuration out of what the stack says: every default filled in, every rule checked.
 *
 * @param raw the namespace `kube-lab`, nested as in the stack's file
 * @param host what the computer has; absent: nothing is compared with it
 * @param stack its name, from which the host's default ports follow
 * @param fitting the hypervisor that `auto` means on this computer for a new lab
 * @param living what the lab that lives was made with
 * @throws ConfigurationError once, with every problem: key, value, what is allowed, and the fix
 */
export function parseConfiguration(
  raw: Record<string, unknown>,
  host?: HostCapacity,
  stack = "dev",
  fitting: Hypervisor = "virtualbox",
  living: LivingLab = {},
): Configuration {
  const { configuration, problems } = examine(raw, host, stack, fitting, living);
  if (problems.length > 0) {
    throw new ConfigurationError(problems);
  }
  return configuration;
}

/** What can be done with whatever a stack's configuration says. */
export interface UsableConfiguration {
  configuration: Configuration;
  /** What keeps `preview` and `up` from working; nothing else is to end for it. */
  problems: readonly Problem[];
}

/**
 * For commands that make and change nothing of a lab (`down`, `stop`, `status`, `diagnose`, `ssh`): never throws. A value that is
 * wrong has its default in its place, and each key that is for a new lab only what the living lab was made with, so that the
 * hypervisor, names, addresses and login of that lab are right whatever the configuration says now. How many machines there are
 * and which ports lead to them is not among these: ask the stack's outputs or the hypervisor. Parameters as of parseConfiguration.
 */
export function usableConfiguration(
  raw: Record<string, unknown>,
  stack: string,
  fitting: Hypervisor,
  living: LivingLab,
): UsableConfiguration {
  const { problems } = examine(raw, undefined, stack, fitting, living);
  const { configuration } = examine(withLivingValues(raw, living), undefined, stack, fitting, living);
  return { configuration, problems };
}

function examine(
  raw: Record<string, unknown>,
  host: HostCapacity | undefined,
  stack: string,
  fitting: Hypervisor,
  living: LivingLab,
): UsableConfiguration {
  const defaults = defaultConfiguration(stack);
  const { settings, problems } = read(raw, (key) => defaultOf(key, defaults));
  const configuration = fillIn(settings, stack, livingHypervisor(living) ?? fitting);
  const found = everyCheck.flatMap((check) => check({ configuration, defaults, host, stack, raw, living }));
  const sound = found.filter((problem) => !restsOn(problem, problems));
  return { configuration, problems: merged([...problems, ...sound]) };
}

/** The reference lab as a stack of that name has it when nothing is set. */
export function defaultConfiguration(stack: string): Configuration {
  return fillIn(schema.parse({}), stack, "virtualbox");
}

function defaultOf(key: string, defaults: Configuration): unknown {
  return key
    .split(".")
    .reduce<unknown>((value, part) => (value as Record<string, unknown> | undefined)?.[part], defaults);
}

/** Whether a verdict was made with a stand-in for a value that is wrong itself, so that it says nothing. */
function restsOn(problem: Problem, wrong: Problem[]): boolean {
  const keys = [problem.key, ...(problem.dependsOn ?? [])];
  return wrong.some(({ key }) =>
    keys.some((used) => used === key || isBelow(used, key) || isBelow(key, used)),
  );
}

function isBelow(key: string, group: string): boolean {
  return key.startsWith(`${group}.`) || key.startsWith(`${group}[`);
}
