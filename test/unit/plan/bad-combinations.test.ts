import { readFileSync } from "node:fs";
import { join } from "node:path";
import { load } from "js-yaml";
import type { HostFacts } from "../../../plan/config/configuration";
import { applyFix } from "./apply-fix";
import { problemsOf } from "./problems-of";

interface BadCombination {
  name: string;
  given: Record<string, unknown>;
  host?: HostFacts;
  stack?: string;
  problems: {
    key: string;
    value: unknown;
    reason: string;
    allowed: string;
    fix: string;
    repairs?: boolean;
  }[];
}

const file = readFileSync(join(__dirname, "bad-combinations.yaml"), "utf8");
const groups = load(file) as Record<string, BadCombination[]>;

describe.each(Object.entries(groups))("values that do not fit: %s", (_, combinations) => {
  test.each(combinations)("$name", ({ given, host, stack, problems }) => {
    const found = problemsOf(given, host, stack);
    expect(found.map(({ key }) => key)).toEqual(problems.map(({ key }) => key));
    for (const [i, { key, value, reason, allowed, fix }] of problems.entries()) {
      expect(found[i]).toMatchObject({
        key,
        reason: expect.stringMatching(reason),
        allowed: expect.stringMatching(allowed),
        fix: expect.stringMatching(fix),
      });
      expect(found[i]?.value ?? null).toEqual(value);
    }
    if (problems.every(({ repairs }) => repairs !== false)) {
      const mended = found.reduce((raw, problem) => applyFix(raw, problem.fix), given);
      expect(problemsOf(mended, host, stack)).toEqual([]);
    }
  });
});
