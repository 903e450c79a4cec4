import { randomBytes, randomInt } from "node:crypto";
import { always, atLeast, type Schema } from "../bridged/attribute";
import type { BridgedResourceDefinition } from "../bridged/resource";
import type { CheckFailure } from "../protocol/provider";
import type { PropertyMap } from "../protocol/value";
import { keepers } from "./keepers";

const flag = { type: "boolean", mode: "optional and computed", default: true, replace: always } as const;
const minimum = { type: "integer", mode: "optional and computed", default: 0, replace: always } as const;

/** What RandomPassword and RandomString have in common. */
export const textSchema: Schema = {
  keepers,
  length: { type: "integer", mode: "required", replace: always, problem: atLeast(1) },
  special: flag,
  upper: flag,
  lower: flag,
  number: { type: "boolean", mode: "optional and computed", replace: always },
  numeric: { type: "boolean", mode: "optional and computed", replace: always },
  minNumeric: minimum,
  minUpper: minimum,
  minLower: minimum,
  minSpecial: minimum,
  overrideSpecial: {
    type: "string",
    mode: "optional",
    replace: (before, after) => !(before === "" && after === undefined),
  },
  id: { type: "string", mode: "computed" },
};

/** `number` is the old name of `numeric`: they have the same value. */
export const planNumeric: NonNullable<BridgedResourceDefinition["modifyPlan"]> = (
  planned,
  _prior,
  inputs,
) => {
  planned.number = inputs.number ?? inputs.numeric ?? true;
  planned.numeric = inputs.numeric ?? inputs.number ?? true;
  return [];
};

/** What only several inputs together can have wrong. */
export function textProblems(inputs: PropertyMap): CheckFailure[] {
  const { length, number, numeric, special, upper, lower } = inputs;
  const failures: CheckFailure[] = [];
  if (number !== undefined && numeric !== undefined && number !== numeric) {
    const reason =
      "Number and numeric are both configured with different values; number is deprecated, use numeric";
    failures.push({ property: "number", reason });
  }
  if ([numeric ?? number, special, upper, lower].every((value) => value === false)) {
    const reason = "At least one of special, upper, lower and numeric must be true";
    failures.push({ property: "numeric", reason });
  }
  const needed = ["minUpper", "minLower", "minNumeric", "minSpecial"]
    .map((key) => inputs[key])
    .reduce<number>((sum, value) => sum + (typeof value === "number" ? value : 0), 0);
  if (typeof length === "number" && length < needed) {
    failures.push({ property: "length", reason: `${length} is less than the sum of the minima, ${needed}` });
  }
  return failures;
}

/** A random text as upstream's random.CreateString makes it. */
export function randomText(planned: PropertyMap): string {
  const { length, upper, lower, numeric, special, overrideSpecial } = planned;
  const digits = "0123456789";
  const small = "abcdefghijklmnopqrstuvwxyz";
  const specials =
    typeof overrideSpecial === "string" && overrideSpecial ? overrideSpecial : "!@#$%&*()-_=+[]{}<>:?";
  const sets: ReadonlyArray<[string, unknown, unknown]> = [
    [small.toUpperCase(), upper, planned.minUpper],
    [small, lower, planned.minLower],
    [digits, numeric, planned.minNumeric],
    [specials, special, planned.minSpecial],
  ];
  const all = sets.map(([characters, allowed]) => (allowed === true ? characters : "")).join("");
  const needed = sets.flatMap(([characters, , count]) => pick(characters, Number(count)));
  return shuffle([...needed, ...pick(all, Number(length) - needed.length)]).join("");
}

function pick(characters: string, count: number): string[] {
  const set = [...characters];
  return Array.from({ length: count }, () => set[randomInt(set.length)] ?? "");
}

function shuffle(characters: string[]): string[] {
  return characters
    .map((character) => ({ character, order: randomBytes(8).readBigUInt64BE() }))
    .sort((left, right) => (left.order < right.order ? -1 : 1))
    .map(({ character }) => character);
}
