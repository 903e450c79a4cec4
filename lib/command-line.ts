import { parseArgs } from "node:util";
import { RemedyError } from "./remedy-error";

/** An option of a command of ours. */
export interface Option {
  type: "boolean" | "string";
  short?: string;
  /** May be given again and again. */
  multiple?: boolean;
  /** What its value is called in the help: `FILE`. */
  value?: string;
  /** What it does, for the help. */
  does: string;
}

export type Options = Record<string, Option>;

/** What a command of ours is and takes: read strictly, and shown by `--help`. */
export interface Usage<O extends Options> {
  /** Its name in package.json. */
  name: string;
  does: string;
  options?: O;
  /** What its words are called, `NAME`; no word is taken where it is left out. */
  words?: string;
  /** From this word on all is somebody else's, options too: 1 for `MACHINE COMMAND…`. */
  ownWords?: number;
  /** More for the help. */
  notes?: string;
}

type Value<T extends Option> = T["multiple"] extends true
  ? string[]
  : T["type"] extends "boolean"
    ? boolean
    : string;

/** The options that were given, by their names. */
export type Values<O extends Options> = { [Name in keyof O]?: Value<O[Name]> };

export interface CommandLine<O extends Options> {
  /** The stack that the command is about, `dev` unless said otherwise. */
  stack: string;
  values: Values<O>;
  words: string[];
}

const everyCommands = {
  stack: { type: "string", short: "s", value: "NAME", does: "another lab beside the first, dev" },
  help: { type: "boolean", short: "h", does: "says this and does nothing" },
} as const satisfies Options;

/** npm's own word for "change nothing": it keeps it for itself, and the command would never know. */
const npmDryRun = "dry-run";

/**
 * Runs a command of ours with what it was given on the command line, or says what it does.
 * Nothing has happened yet where an argument is not understood.
 * @param status that it ends with on an error
 */
export async function runCommand<O extends Options>(
  usage: Usage<O>,
  main: (given: CommandLine<O>) => Promise<void>,
  status = 1,
): Promise<void> {
  // Nobody reads any more, or the terminal is closed: what was begun comes to its end.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});
  try {
    const given = parseCommandLine(usage, process.argv.slice(2), process.env);
    if (given === "help") console.log(helpText(usage));
    else await main(given);
  } catch (error) {
    fail(status)(error as Error);
  }
}

/**
 * Reads the arguments of a command strictly: an option that is skipped may be the one that kept it from taking something away.
 * @returns `help` where that is asked for, whatever else is there
 * @throws Error with everything that is not understood.
 */
export function parseCommandLine<O extends Options>(
  usage: Usage<O>,
  commandArguments: readonly string[],
  environment: NodeJS.ProcessEnv,
): CommandLine<O> | "help" {
  const options: Options = { ...usage.options, ...everyCommands };
  const parse = (args: string[]) =>
    parseArgs({ args, options: forParseArgs(options), allowPositionals: true, strict: false, tokens: true });
  const { own, others } = divided([...commandArguments], usage.ownWords, (args) => parse(args).tokens);
  const { tokens, positionals } = parse(own);
  if (tokens.some((token) => token.kind === "option" && token.name === "help")) return "help";

  const problems = [
    ...takenByNpm(usage.name, options, environment),
    ...tokens.flatMap((token) => (token.kind === "option" ? wrongOption(token, options[token.name]) : [])),
    ...(usage.words === undefined ? positionals.map((word) => `${word}: it takes no word`) : []),
  ];
  if (problems.length > 0)
    throw new Error(
      `not understood, and nothing was done:\n${problems.map((problem) => `  ${problem}`).join("\n")}\nWhat there is: npm run ${usage.name} -- --help`,
    );
  const { stack = environment.PULUMI_STACK ?? "dev", ...values } = parse(own).values;
  return { stack: String(stack), values: values as Values<O>, words: [...positionals, ...others] };
}

interface OptionToken {
  name: string;
  rawName: string;
  value?: string | undefined;
  inlineValue?: boolean | undefined;
}

function wrongOption(
  { name, rawName, value, inlineValue }: OptionToken,
  option: Option | undefined,
): string[] {
  if (option === undefined) return [`${rawName}: there is no such option`];
  if (option.type === "boolean")
    return value === undefined ? [] : [`${rawName}=${value}: --${name} takes no value`];
  if (value === undefined || value === "") return [`${rawName}: its ${option.value ?? "value"} is missing`];
  // `--svg --json` is a file's name forgotten; whoever means it writes `--svg=--json`.
  return value.startsWith("-") && !inlineValue
    ? [`${rawName} ${value}: its ${option.value ?? "value"} is missing`]
    : [];
}

/** npm keeps options that stand before `--` to itself: `npm run down --target X` would be a `down` of everything. */
function takenByNpm(name: string, options: Options, environment: NodeJS.ProcessEnv): string[] {
  return [...Object.keys(options), npmDryRun].flatMap((option) => {
    // What npm knows by these names itself may come from its own configuration.
    if (["yes", "json", "color", "message", "diff", "help"].includes(option)) return [];
    const value = environment[`npm_config_${option.replaceAll("-", "_")}`];
    if (value === undefined || value === "" || value === "false") return [];
    return [
      `--${option}: npm took it for itself; options stand after \`--\`: npm run ${name} -- --${option}`,
    ];
  });
}

/** What is the command's own, and what begins with somebody else's first word. */
function divided(
  args: string[],
  ownWords: number | undefined,
  tokensOf: (args: string[]) => readonly { kind: string; index: number }[],
): { own: string[]; others: string[] } {
  if (ownWords === undefined) return { own: args, others: [] };
  const other = tokensOf(args).filter(({ kind }) => kind === "positional")[ownWords];
  const end = other?.index ?? args.length;
  return { own: args.slice(0, end), others: args.slice(end) };
}

function forParseArgs(options: Options) {
  return Object.fromEntries(
    Object.entries(options).map(([name, { type, short, multiple = false }]) => [
      name,
      { type, multiple, ...(short === undefined ? {} : { short }) },
    ]),
  );
}

function helpText({ name, does, words, options = {} as never, notes }: Usage<Options>): string {
  const lines = Object.entries<Option>({ ...options, ...everyCommands }).map(
    ([option, { short, value, does: what }]) => {
      const long = `--${option}${value === undefined ? "" : ` ${value}`}`;
      return `  ${(short === undefined ? long : `-${short}, ${long}`).padEnd(28)} ${what}`;
    },
  );
  const more = words === undefined ? "" : ` ${words}`;
  return [
    `npm run ${name} [-- OPTIONS${more}]: ${does}`,
    "",
    ...lines,
    ...(notes === undefined ? [] : ["", notes]),
  ].join("\n");
}

/** For a command's last `catch`: says what is wrong without a stack trace, and ends with `status`. */
function fail(status: number): (error: Error) => void {
  return (error) => {
    console.error(`kube-lab: ${error.message}`);
    if (error instanceof RemedyError && error.remedy !== "") console.error(`What to do: ${error.remedy}`);
    process.exitCode = status;
  };
}
