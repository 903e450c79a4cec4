import type { CheckFailure } from "../protocol/provider";
import { isObject, isUnknown, type PropertyMap, unwrap, type Value } from "../protocol/value";

/** What an input must be. */
export type InputType =
  | "string"
  | "boolean"
  | "number"
  | "list"
  | "strings"
  | "string map"
  | "logging"
  | "refused"
  | { required: boolean; fields: InputTypes };

/** Input → what it must be. A required one is an object with `required`. */
export type InputTypes = Readonly<Record<string, InputType>>;

const loggingValues = ["stdout", "stderr", "stdoutAndStderr", "none"];

/** Every input that is unknown to the resource, missing, or of a wrong type. */
export function checkInputs(inputs: PropertyMap, types: InputTypes, prefix = ""): CheckFailure[] {
  const failures: CheckFailure[] = [];
  for (const [key, value] of Object.entries(inputs)) {
    const type = types[key];
    const property = prefix + key;
    if (type === undefined) {
      const known = Object.keys(types).join(", ");
      failures.push({ property, reason: `Unrecognized property '${property}'; there are ${known}` });
    } else {
      failures.push(...checkInput(property, unwrap(value), type));
    }
  }
  for (const [key, type] of Object.entries(types)) {
    if (typeof type === "object" && type.required && inputs[key] === undefined) {
      failures.push({ property: prefix + key, reason: `Missing required property '${prefix}${key}'` });
    }
  }
  return failures;
}

function checkInput(property: string, value: Value | undefined, type: InputType): CheckFailure[] {
  if (value === undefined || isUnknown(value)) {
    return [];
  }
  if (type === "refused") {
    const reason =
      `'${property}' is not supported by the stand-in for the command plugin. ` +
      "Install the real one where it can be downloaded: pulumi plugin install resource command v1.2.1";
    return [{ property, reason }];
  }
  if (typeof type === "object") {
    return isObject(value)
      ? checkInputs(value, type.fields, `${property}.`)
      : [{ property, reason: `'${property}' must be an object` }];
  }
  if (matches(value, type)) {
    return [];
  }
  const allowed = type === "logging" ? `one of ${loggingValues.join(", ")}` : `a ${type}`;
  return [{ property, reason: `'${property}' must be ${allowed}` }];
}

function matches(value: Value, type: Exclude<InputType, "refused" | object>): boolean {
  const isText = (inner: Value) => typeof unwrap(inner) === "string";
  switch (type) {
    case "list":
      return Array.isArray(value);
    case "strings":
      return Array.isArray(value) && value.every(isText);
    case "string map":
      return isObject(value) && Object.values(value).every(isText);
    case "logging":
      return typeof value === "string" && loggingValues.includes(value);
    case "string":
    case "boolean":
    case "number":
      return typeof value === type;
  }
}
