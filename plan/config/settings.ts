import { z } from "zod";
import { isAddress, isCidr, networkOf, prefixLength, sizeOf } from "../../lib/addresses";

/** What another value means for a lab that lives. */
export interface Change {
  /**
   * `in place`: machines that run are told, and go on running. `one machine after another`: those that it concerns, or a program on
   * each of them, are restarted or recreated in turn. `for a new lab only`: refused while the lab lives.
   */
  means: "in place" | "one machine after another" | "for a new lab only";
  /** Why a living lab cannot take it, one clause. */
  because?: string;
}

export const inPlace: Change = { means: "in place" };
export const machineAfterMachine: Change = { means: "one machine after another" };
export const newLabOnly = (because: string): Change => ({ means: "for a new lab only", because });

/** What a person reads about one key: in error messages, in docs/configuration.md. */
export interface Setting {
  /** What it means, one line. */
  description: string;
  change: Change;
  /** Which values it takes. */
  allowed: string;
  /** `integer`, `string`, `list`, `map`. */
  type: string;
  /** How the default comes about where it is not a constant. */
  derived?: string;
  /** Why a refused value is refused, and what was probably meant. */
  explain?: Explain;
  /** Never shown, not in an error either. */
  secret?: boolean;
  /** What stands for a value that is too long to be shown and remembered itself. */
  digest?: (value: unknown) => string;
}

export interface Explanation {
  reason: string;
  meant?: unknown;
}

/** Undefined where there is no more to say than what is allowed. */
export type Explain = (value: unknown) => Explanation | undefined;

/** Every leaf of the schema is registered here. */
export const settings = z.registry<Setting>();

/** Every group of the top level. */
export const sections = z.registry<{ description: string }>();

/** A whole number; `"3"` counts as 3, since `pulumi config set` stores text. */
export function integer(range: {
  min: number;
  max: number;
  allowed?: string;
  fits?: (value: number) => boolean;
}) {
  const allowed = range.allowed ?? `a whole number from ${range.min} to ${range.max}`;
  const number = z
    .int()
    .min(range.min)
    .max(range.max)
    .refine((value) => range.fits?.(value) ?? true);
  return { schema: z.preprocess(numeric, number), allowed, type: "integer" };
}

export function port(min: number) {
  return integer({ min, max: 65535 });
}

export function address() {
  return {
    schema: z.string().refine(isAddress),
    allowed: "an IPv4 address such as 192.168.1.10",
    type: "address",
  };
}

/** A subnet whose prefix length lies between two bounds. */
export function cidr(shortest: number, longest: number): Leaf<z.ZodString> {
  const fits = (text: string) => isCidr(text) && inRange(prefixLength(text), shortest, longest);
  return {
    schema: z.string().refine(fits),
    allowed: `an IPv4 subnet ADDRESS/PREFIX without host bits, prefix length ${shortest} to ${longest}`,
    type: "subnet",
    explain: (value) => explainCidr(value, shortest, longest),
  };
}

function explainCidr(value: unknown, shortest: number, longest: number): Explanation | undefined {
  const network = typeof value === "string" ? networkOf(value) : undefined;
  if (network === undefined) {
    return undefined;
  }
  const length = prefixLength(network);
  if (length > longest) {
    return { reason: `the subnet is too small, it has ${sizeOf(network)} addresses` };
  }
  if (length < shortest) {
    return { reason: `the subnet is too large, it has ${sizeOf(network)} addresses` };
  }
  return { reason: "it has host bits", meant: network };
}

export function oneOf<const T extends readonly [string, ...string[]]>(values: T) {
  return {
    schema: z.enum(values),
    allowed: values.join(", "),
    type: values.map((v) => `\`${v}\``).join(" or "),
  };
}

/** `"true"` counts as true, since `pulumi config set` stores text. */
export function onOrOff() {
  return {
    schema: z.preprocess(truth, z.boolean()),
    allowed: "true, false",
    type: "`true` or `false`",
  };
}

export function text(pattern: RegExp, allowed: string, maximum = 253) {
  return { schema: z.string().max(maximum).regex(pattern), allowed, type: "string" };
}

/** A list; at the top level also one text with commas, since `pulumi config set` stores text. */
export function listOf(item: z.ZodType<string>, allowed: string) {
  return { schema: z.preprocess(splitAtCommas, z.array(item).max(16)), allowed, type: "list" };
}

/** A map with names of that form; an entry's value is read by itself. */
export function mapOf<S extends z.ZodType>(names: RegExp, item: S, allowed: string) {
  return { schema: z.record(z.string().max(253).regex(names), item), allowed, type: "map" };
}

interface Leaf<S extends z.ZodType> {
  schema: S;
  allowed: string;
  type: string;
  explain?: Explain;
  secret?: boolean;
  digest?: (value: unknown) => string;
}

/** A key with a constant default. */
export function key<S extends z.ZodType>(
  leaf: Leaf<S>,
  fallback: z.util.NoUndefined<z.output<S>>,
  change: Change,
  description: string,
) {
  const schema = leaf.schema.default(fallback);
  settings.add(schema, { description, change, ...about(leaf) });
  return schema;
}

/** A key whose default depends on others, or which may be absent; `derived` says how. */
export function derivedKey<S extends z.ZodType>(
  leaf: Leaf<S>,
  derived: string,
  change: Change,
  description: string,
) {
  const schema = leaf.schema.optional();
  settings.add(schema, { description, change, derived, ...about(leaf) });
  return schema;
}

function about({ schema: _, ...rest }: Leaf<z.ZodType>): Omit<Setting, "description" | "change" | "derived"> {
  return rest;
}

/** An object of keys; absent counts as empty, so that every default inside holds. */
export function group<Shape extends z.ZodRawShape>(shape: Shape) {
  const object = z.strictObject(shape);
  return object.prefault({} as z.input<typeof object>);
}

/** A group of the top level, which Pulumi.yaml and Pulumi.dev.yaml describe in a line. */
export function section<Shape extends z.ZodRawShape>(description: string, shape: Shape) {
  const schema = group(shape);
  sections.add(schema, { description });
  return schema;
}

function numeric(value: unknown): unknown {
  return typeof value === "string" && /^\d{1,9}$/.test(value) ? Number(value) : value;
}

function truth(value: unknown): unknown {
  return value === "true" || value === "false" ? value === "true" : value;
}

function splitAtCommas(value: unknown): unknown {
  return typeof value === "string"
    ? value
        .split(",")
        .map((item) => item.trim())
        .filter((item) => item !== "")
    : value;
}

function inRange(value: number, min: number, max: number): boolean {
  return value >= min && value <= max;
}
