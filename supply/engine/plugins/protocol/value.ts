/**
 * Property values as the engine's protocol carries them: plain JSON in which secrets, unknowns and outputs are objects or
 * strings with a signature. (Source: pulumi/pulumi sdk/go/common/resource/sig and plugin/rpc.go.)
 */
export type Value = null | boolean | number | string | Value[] | PropertyMap;

/** An object of property values. */
export interface PropertyMap {
  [key: string]: Value;
}

const signatureKey = "4dabf18193072939515e22adb298388d";
const secretSignature = "1b47061264138c4ac30d75fd1eb44270";
const outputSignature = "d0e6a833031e9bbcd3f4e8bde6ca49a4";

/** Stands for a value that isn't known before the deployment. */
export const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** The protocol has one unknown for each kind of value; engines send them all. */
const unknowns = new Set([
  unknown,
  "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
  "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
  "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
  "030794c1-ac77-496b-92df-f27374a8bd58",
  "e48ece36-62e2-4504-bad9-02848725956a",
  "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
]);

/** Whether a value is an object without a signature. */
export function isObject(value: Value | undefined): value is PropertyMap {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(signatureKey in value);
}

/** Whether a value is marked secret. */
export function isSecret(value: Value | undefined): value is PropertyMap {
  return signatureOf(value) === secretSignature;
}

/** Whether a value itself is unknown. */
export function isUnknown(value: Value | undefined): boolean {
  return typeof value === "string" && unknowns.has(value);
}

/** Marks a value secret, once. An unknown stays an unknown: the engine cannot keep both marks. */
export function secret(value: Value): Value {
  if (isSecret(value) || isUnknown(value)) {
    return value;
  }
  return { [signatureKey]: secretSignature, value };
}

/** A value without its own secret mark; marks further inside stay. */
export function unwrap(value: Value | undefined): Value | undefined {
  return isSecret(value) ? (value.value ?? null) : value;
}

/** A value without any secret mark, at any depth. */
export function reveal(value: Value): Value {
  if (isSecret(value)) {
    return reveal(value.value ?? null);
  }
  if (Array.isArray(value)) {
    return value.map(reveal);
  }
  if (isObject(value)) {
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, reveal(inner)]));
  }
  return value;
}

/** Whether anything in a value is unknown. */
export function containsUnknown(value: Value): boolean {
  if (Array.isArray(value)) {
    return value.some(containsUnknown);
  }
  if (typeof value === "object" && value !== null) {
    return Object.values(value).some(containsUnknown);
  }
  return isUnknown(value);
}

/** Whether two values are the same, secret marks included. */
export function equal(left: Value | undefined, right: Value | undefined): boolean {
  if (Array.isArray(left) && Array.isArray(right)) {
    return left.length === right.length && left.every((value, index) => equal(value, right[index]));
  }
  if (typeof left === "object" && typeof right === "object" && left !== null && right !== null) {
    if (Array.isArray(left) || Array.isArray(right)) {
      return false;
    }
    const keys = new Set([...Object.keys(left), ...Object.keys(right)]);
    return [...keys].every((key) => key in left && key in right && equal(left[key], right[key]));
  }
  return left === right;
}

/** What came over the wire in the form used here: outputs as unknowns, secrets or plain values, no nulls in objects. */
export function fromWire(value: Value): Value {
  const signature = signatureOf(value);
  if (signature === outputSignature) {
    const output = value as PropertyMap;
    const inner = output.value === undefined ? unknown : fromWire(output.value);
    return output.secret === true ? secret(inner) : inner;
  }
  if (signature === secretSignature) {
    return secret(fromWire((value as PropertyMap).value ?? null));
  }
  if (Array.isArray(value)) {
    return value.map(fromWire);
  }
  if (typeof value === "object" && value !== null) {
    return mapFromWire(value);
  }
  return value;
}

/** {@link fromWire} for an object. */
export function mapFromWire(map: PropertyMap): PropertyMap {
  const known = Object.entries(map).filter(([, value]) => value !== null);
  return Object.fromEntries(known.map(([key, value]) => [key, fromWire(value)]));
}

function signatureOf(value: Value | undefined): Value | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? value[signatureKey]
    : undefined;
}
