import { readFileSync } from "node:fs";
import { join } from "node:path";
import { load } from "js-yaml";
import { applyFix } from "./apply-fix";
import { problemsOf, refusal } from "./problems-of";

/** One wrong value: what is given, the key and value blamed, the reason, what is allowed, the fix. */
interface BadValue {
  name: string;
  given: Record<string, unknown>;
  key: string;
  value: unknown;
  reason: string;
  allowed: string;
  fix: string;
}

const groups = load(readFileSync(join(__dirname, "bad-values.yaml"), "utf8")) as Record<string, BadValue[]>;

describe.each(Object.entries(groups))("one wrong value: %s", (_, values) => {
  test.each(values)("$name", ({ given, key, value, reason, allowed, fix }) => {
    expect(problemsOf(given)).toEqual([
      expect.objectContaining({
        key,
        value,
        reason: expect.stringMatching(reason),
        allowed: expect.stringMatching(allowed),
        fix,
      }),
    ]);
    expect(refusal(given)?.message).toContain(`kube-lab:${key} = ${JSON.stringify(value)}`);
    if (fix.startsWith("pulumi")) {
      expect(problemsOf(applyFix(given, fix))).toEqual([]);
    }
  });
});
