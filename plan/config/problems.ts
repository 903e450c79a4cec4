/** One thing wrong with the configuration, and how to put it right. */
export interface Problem {
  /** Dotted path below the namespace, as `pulumi config set --path` takes it: `networks.mast.cidr`. */
  key: string;
  /** What was found there. */
  value: unknown;
  /** Why it cannot be so, one clause. */
  reason: string;
  /** Which values can be. */
  allowed: string;
  /** What to do, mostly a command. */
  fix: string;
  /** Other keys that the verdict rests on; it is void where one of them is wrong itself. */
  dependsOn?: string[];
}

/** Thrown once, with everything that is wrong. */
export class ConfigurationError extends Error {
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super(describeAll(problems));
    this.name = "ConfigurationError";
    this.problems = problems;
  }
}

/** The command that sets a key to a text or number, in a POSIX shell's quoting, which PowerShell reads alike. */
export function setCommand(key: string, value: unknown): string {
  const text = String(value);
  return `pulumi config set ${pathOf(key)} ${/^[\w.:/@+-]+$/.test(text) ? text : `"${text}"`}`;
}

/** The command that takes a key out of the configuration, so that its default holds. */
export function removeCommand(key: string): string {
  return `pulumi config rm ${pathOf(key)}`;
}

/** Problems that differ in nothing but their reason, as one. */
export function merged(problems: readonly Problem[]): Problem[] {
  const byRemedy = new Map<string, Problem>();
  for (const problem of problems) {
    const remedy = JSON.stringify([problem.key, problem.allowed, problem.fix]);
    const known = byRemedy.get(remedy);
    byRemedy.set(
      remedy,
      known === undefined ? problem : { ...known, reason: `${known.reason}; ${problem.reason}` },
    );
  }
  return [...byRemedy.values()];
}

/** A value as a problem may carry it: one that holds a private key, wherever it was put, is not repeated. */
export function visible(value: unknown): unknown {
  return JSON.stringify(value)?.includes("PRIVATE KEY") ? "(secret)" : value;
}

function pathOf(key: string): string {
  if (key.includes('"')) return `--path '${key}'`;
  if (key.includes("[")) return `--path "${key}"`;
  return key.includes(".") ? `--path ${key}` : key;
}

function describeAll(problems: readonly Problem[]): string {
  const count = problems.length === 1 ? "one problem" : `${problems.length} problems`;
  return [`the configuration has ${count}:`, ...problems.map(describe)].join("\n");
}

function describe(problem: Problem): string {
  return [
    `  kube-lab:${problem.key} = ${shown(problem.value)}: ${problem.reason}`,
    `    allowed: ${problem.allowed}`,
    `    fix:     ${problem.fix}`,
  ].join("\n");
}

function shown(value: unknown): string {
  const text = value === undefined ? "(not set)" : (JSON.stringify(value) ?? String(value));
  return text.length > 120 ? `${text.slice(0, 117)}...` : text;
}
