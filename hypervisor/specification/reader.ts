import { SpecificationError } from "../driver/errors";

export const NAME_SOURCE = "[A-Za-z0-9][A-Za-z0-9._-]{0,62}";

export const NAME = new RegExp(`^${NAME_SOURCE}$`);

/** Reads values out of the environment and collects what is wrong with them. */
export class Reader {
  private readonly problems: string[] = [];

  constructor(private readonly environment: NodeJS.ProcessEnv) {}

  names(): string[] {
    return Object.keys(this.environment).filter((name) => this.environment[name] !== undefined);
  }

  optional(name: string): string | undefined {
    return this.environment[name] || undefined;
  }

  text(name: string, pattern: RegExp, allowed: string): string {
    const value = this.optional(name);
    if (value === undefined) this.problem(name, "is missing", allowed);
    else if (!pattern.test(value)) this.problem(name, `is ${JSON.stringify(value)}`, allowed);
    return value ?? "";
  }

  integer(name: string, least: number, most: number): number {
    const value = this.optional(name);
    const number = Number(value);
    const fits = value !== undefined && /^\d+$/.test(value) && number >= least && number <= most;
    if (!fits)
      this.problem(
        name,
        value === undefined ? "is missing" : `is ${JSON.stringify(value)}`,
        `a whole number from ${least} to ${most}`,
      );
    return number;
  }

  problem(name: string, what: string, allowed: string): void {
    this.problems.push(`${name} ${what}; allowed is ${allowed}`);
  }

  /** Gives the value if all went well, else throws all problems. */
  finish<T>(value: T): T {
    if (this.problems.length > 0) throw new SpecificationError(this.problems);
    return value;
  }
}
