import { SyntaxFailure } from "./errors";

/** One option that a verb takes. */
export interface OptionRule {
  /** Names without dashes; 7.x accepts `--nictype1` and `--nic-type1` alike, so hyphens do not count. */
  names: string[];
  /** How many values follow. */
  values: 0 | 1 | 2;
  /** The name ends in an adapter's number: `nic1`. */
  numbered?: boolean;
  /** Whether such a first value is followed by a second one: `--natpf1 delete ssh`, `--uart1 0x3F8 4`. */
  second?: (first: string) => boolean;
}

export interface GivenOption {
  /** The rule's first name. */
  name: string;
  /** As typed, for messages: `--natpf1`. */
  typed: string;
  number?: number;
  values: string[];
}

export interface ParsedArguments {
  positionals: string[];
  /** In the order given: later ones win, and natpf deletes come before new rules. */
  options: GivenOption[];
}

/**
 * Reads one verb's arguments by its rules, as strictly as the real one: `--name value` and `--name=value`.
 * @throws SyntaxFailure for an unknown option, a missing value or too many positionals
 */
export function parseArguments(
  typed: readonly string[],
  rules: readonly OptionRule[],
  usage: string,
  positionalCount: { least: number; most: number },
): ParsedArguments {
  const positionals: string[] = [];
  const options: GivenOption[] = [];
  const rest = [...typed];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (!word.startsWith("-") || word === "-") {
      positionals.push(word);
      continue;
    }
    options.push(readOption(word, rest, rules, usage));
  }
  if (positionals.length > positionalCount.most)
    throw new SyntaxFailure(`Invalid parameter '${positionals[positionalCount.most]}'`, usage);
  if (positionals.length < positionalCount.least) throw new SyntaxFailure("Not enough parameters", usage);
  return { positionals, options };
}

function readOption(word: string, rest: string[], rules: readonly OptionRule[], usage: string): GivenOption {
  const [typed = word, ...joined] = word.split("=");
  const bare = typed.replace(/^--?/, "").replaceAll("-", "").toLowerCase();
  const given = joined.length > 0 ? joined.join("=") : undefined;
  for (const rule of rules) {
    const number = matchNumber(bare, rule);
    if (number === undefined) continue;
    const values = readValues(rule, typed, given, rest, usage);
    return { name: rule.names[0] ?? bare, typed, values, ...(rule.numbered ? { number } : {}) };
  }
  throw new SyntaxFailure(`Unknown option: ${typed}`, usage);
}

/** The adapter's number for numbered rules, 0 for the others, undefined when the rule is for another option. */
function matchNumber(bare: string, rule: OptionRule): number | undefined {
  for (const name of rule.names) {
    const plain = name.replaceAll("-", "");
    if (!rule.numbered && plain === bare) return 0;
    const digits = rule.numbered && bare.startsWith(plain) ? bare.slice(plain.length) : "";
    if (/^[0-9]+$/.test(digits)) return Number(digits);
  }
  return undefined;
}

function readValues(
  rule: OptionRule,
  typed: string,
  joined: string | undefined,
  rest: string[],
  usage: string,
): string[] {
  const values: string[] = [];
  if (joined !== undefined) {
    // 7.x: --nat-pf1=delete=NAME
    const [first = "", ...more] = rule.second ? joined.split("=") : [joined];
    values.push(first, ...(more.length > 0 ? [more.join("=")] : []));
  }
  const wanted = () => (values[0] !== undefined && rule.second?.(values[0]) ? 2 : rule.values);
  while (values.length < wanted()) {
    const value = rest.shift();
    if (value === undefined) throw new SyntaxFailure(`Missing argument to '${typed}'`, usage);
    values.push(value);
  }
  if (values.length > wanted()) throw new SyntaxFailure(`'${typed}' takes no value`, usage);
  return values;
}

/** The last value given for an option of one value. */
export function optionValue(parsed: ParsedArguments, name: string): string | undefined {
  return parsed.options.findLast((option) => option.name === name)?.values[0];
}

export function hasOption(parsed: ParsedArguments, name: string): boolean {
  return parsed.options.some((option) => option.name === name);
}
