import { type Attribute, differs } from "../bridged/attribute";
import { isObject, type Value } from "../protocol/value";

/** Arbitrary values whose change asks for a new random value; an absent and an empty map are the same. */
export const keepers: Attribute = {
  type: "map",
  mode: "optional",
  replace: (before, after) => differs(filled(before), filled(after)),
};

function filled(value: Value | undefined): Value | undefined {
  return isObject(value) && Object.keys(value).length === 0 ? undefined : value;
}
