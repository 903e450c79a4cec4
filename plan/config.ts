import { everyCheck } from "./checks/every-check";
import type { HostFacts } from "./checks/host-limits";
import { type Configuration, fillIn, type Hypervisor } from "./derived";
import { ConfigurationError, merged, type Problem } from "./problems";
import { read } from "./reading";
import { schema } from "./schema";

export type { HostFacts } from "./checks/host-limits";
export type { Configuration } from "./derived";
export { ConfigurationError } from "./problems";

/**
 * The complete configuration out of what the stack says: every default filled in, every rule checked.
 *
 * @param raw the namespace `kube-lab`, nested as in the stack's file
 * @param host what the computer has; absent: nothing is compared with it
 * @param stack its name, from which the host's default ports follow
 * @param fitting the hypervisor that `auto` means on this computer
 * @throws ConfigurationError once, with every problem: key, value, what is allowed, and the fix
 */
export function parseConfiguration(
  raw: Record<string, unknown>,
  host?: HostFacts,
  stack = "dev",
  fitting: Hypervisor = "virtualbox",
): Configuration {
  const defaults = defaultConfiguration(stack);
  const { settings, problems } = read(raw, (key) => defaultOf(key, defaults));
  const configuration = fillIn(settings, stack, fitting);
  const found = everyCheck.flatMap((check) => check({ configuration, defaults, host, stack }));
  const all = merged([...problems, ...found.filter((problem) => !restsOn(problem, problems))]);
  if (all.length > 0) {
    throw new ConfigurationError(all);
  }
  return configuration;
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
