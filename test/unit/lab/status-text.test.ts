import type { Check } from "../../../lab/check";
import { fittedStatusText, statusText, verdict } from "../../../lab/status-text";
import { table } from "../../../lib/table";

const check = (name: string, healthy = true): Check => ({
  kind: "node",
  name,
  healthy,
  detail: "Ready, v1.36.3",
});
const many = [...Array.from({ length: 30 }, (_, i) => check(`kube-node${i + 1}`)), check("late", false)];

describe("table", () => {
  test("makes columns as wide as their widest cell and leaves no blanks at a line's end", () => {
    expect(
      table(
        ["a", "b"],
        [
          ["long", ""],
          ["x", "yy"],
        ],
      ),
    ).toBe("a     b\nlong\nx     yy");
  });
});

describe("statusText", () => {
  test("has a line for each check, and says what is wrong with the whole", () => {
    const lines = statusText([check("one"), check("two", false)]).split("\n");
    expect(lines[1]).toMatch(/^ok +node +one +Ready/);
    expect(lines[2]).toMatch(/^BAD +node +two/);
    expect(lines.at(-1)).toBe("1 of 2 checks failed.");
    expect(verdict([check("one")])).toBe("The lab is healthy.");
  });
});

describe("fittedStatusText", () => {
  test("is the whole table where that fits", () => {
    const checks = [check("one"), check("two", false)];
    expect(fittedStatusText(checks, { columns: 80, rows: 5 })).toEqual(statusText(checks).split("\n"));
  });

  test.each([3, 4, 5, 12, 24, 33, 34, 40])("keeps what is wrong in %i rows", (rows) => {
    const lines = fittedStatusText(many, { columns: 80, rows });
    expect(lines.length).toBeLessThanOrEqual(rows);
    expect(lines.at(-1)).toBe("1 of 31 checks failed.");
    if (rows >= 5) expect(lines.filter((line) => line.startsWith("BAD"))).toHaveLength(1);
    const shown = lines.filter((line) => /^(ok|BAD)/.test(line)).length;
    expect(lines.at(-2)).toBe(shown === 31 ? "" : `… and ${31 - shown} more`);
  });

  test("cuts lines to the columns", () => {
    for (const line of fittedStatusText(many, { columns: 20, rows: 40 }))
      expect(line.length).toBeLessThanOrEqual(20);
  });
});
