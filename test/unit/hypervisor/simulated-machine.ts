/** One machine of the simulated VBoxManage. */
export interface Machine {
  uuid: string;
  state: string;
  /** Keys and values of showvminfo. */
  values: Map<string, string>;
  forwards: string[];
  extra: Map<string, string>;
  snapshot?: string;
  snapshotDescription?: string;
}

/** What it answers instead of doing: a message and an error code. */
export class Refusal extends Error {
  constructor(
    message: string,
    readonly code: string,
  ) {
    super(message);
  }
}

/** The value that follows an option. */
export function option(options: readonly string[], name: string): string {
  return options[options.indexOf(name) + 1] ?? "";
}

/** @throws Refusal when a rule of that name is there */
export function addRule(machine: Machine, rule: string): void {
  const name = rule.split(",")[0] ?? "";
  if (without(machine.forwards, name).length < machine.forwards.length)
    throw new Refusal("A NAT rule of this name already exists", "NS_ERROR_INVALID_ARG");
  machine.forwards.push(rule);
}

/** Forwarding rules but the one of that name. */
export function without(rules: readonly string[], name: string): string[] {
  return rules.filter((rule) => !rule.startsWith(`${name},`));
}
