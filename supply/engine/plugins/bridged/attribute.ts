import { equal, isObject, isUnknown, type PropertyMap, type Value } from "../protocol/value";

/** What an attribute's value must be. */
export type AttributeType = "string" | "integer" | "boolean" | "strings" | "map" | "object";

/**
 * An attribute of a resource as the Terraform plugin framework describes it: the schema of the upstream provider decides
 * defaults, secrets and what a change means.
 */
export interface Attribute {
  type: AttributeType;
  /** The user's to give, the provider's to fill in, or the former with the latter as a fallback. */
  mode: "required" | "optional" | "computed" | "optional and computed";
  /** For a missing input. */
  default?: Value;
  /** Marked secret in inputs and outputs. */
  secret?: boolean;
  /** Whether a change means a new resource; by default never. */
  replace?: (before: Value | undefined, after: Value | undefined) => boolean;
  /** What's wrong with a known value, if anything. */
  problem?: (value: Value) => string | undefined;
}

/** By Pulumi's name of the attribute. */
export type Schema = Readonly<Record<string, Attribute>>;

/** RequiresReplace of the framework. */
export const always = (): boolean => true;

/** terraform-provider-tls' requireReplaceIfStateContainsPEMString. */
export function ifPem(before: Value | undefined): boolean {
  return (
    typeof before === "string" &&
    /^-----BEGIN [A-Za-z ]+-----\n[\s\S]+\n-----END [A-Za-z ]+-----\n?$/.test(before)
  );
}

/** A text out of a fixed set. */
export function textOneOf(...allowed: string[]): (value: Value) => string | undefined {
  return (value) =>
    typeof value === "string" && !allowed.includes(value)
      ? `${JSON.stringify(value)} is none of ${allowed.join(", ")}`
      : undefined;
}

/** A number with a lower bound. */
export function atLeast(minimum: number): (value: Value) => string | undefined {
  return (value) =>
    typeof value === "number" && value < minimum ? `${value} is less than ${minimum}` : undefined;
}

/** Whether a known value has the attribute's type. */
export function hasType(value: Value, type: AttributeType): boolean {
  const isText = (inner: Value) => typeof inner === "string";
  switch (type) {
    case "integer":
      return typeof value === "number" && Number.isInteger(value);
    case "strings":
      return Array.isArray(value) && value.every(isText);
    case "map":
      return isObject(value) && Object.values(value).every(isText);
    case "object":
      return isObject(value);
    case "string":
    case "boolean":
      return typeof value === type;
  }
}

/** Whether two attribute values differ as far as is known; unknown ones differ from all. */
export function differs(before: Value | undefined, after: Value | undefined): boolean {
  return isUnknown(after) || !equal(before, after);
}

/** An object's entries that the schema marks secret, wrapped by `mark`. */
export function markSecrets(values: PropertyMap, schema: Schema, mark: (value: Value) => Value): PropertyMap {
  return Object.fromEntries(
    Object.entries(values).map(([key, value]) => [key, schema[key]?.secret ? mark(value) : value]),
  );
}
