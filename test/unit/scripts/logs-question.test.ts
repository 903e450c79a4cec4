import { parseCommandLine } from "../../../lib/command-line";
import { filterOf } from "../../../scripts/logs/filter";
import { chosenMachines, options, questionOf } from "../../../scripts/logs/question";
import { sinceMs } from "../../../scripts/logs/since";

const now = Date.parse("2026-11-27T12:00:00Z");
const usage = { name: "logs", does: "logs", words: "[WORD…]", options };

function question(...given: string[]) {
  const read = parseCommandLine(usage, given, {});
  if (read === "help") throw new Error("no help was asked for");
  return questionOf(read.values, read.words, now);
}

test.each([
  ["90s", "2026-11-27T11:58:30Z"],
  ["10m", "2026-11-27T11:50:00Z"],
  ["2h", "2026-11-27T10:00:00Z"],
  ["1d", "2026-11-26T12:00:00Z"],
  ["2026-11-27T10:00Z", "2026-11-27T10:00:00Z"],
  ["2026-11-27T10:00:30+01:00", "2026-11-27T09:00:30Z"],
  ["2026-11-25T10:00", new Date(2026, 10, 25, 10).toISOString()],
  ["2026-11-25", new Date(2026, 10, 25).toISOString()],
])("--since %s is %s", (text, time) => expect(sinceMs(text, now)).toBe(Date.parse(time)));

test("what is understood in nothing is named, each with what is allowed", () => {
  const bad = ["--since=yesterday", "--all", "--unit=a b", "--pod=coredns", "/(/", "/[/i"];
  expect(() => question(...bad)).toThrow(
    /--since yesterday: allowed is .*10m.*\n.*--all: .*\n.*--unit a b: allowed .*kubelet.*\n.*--pod coredns: allowed is NAMESPACE\/NAME.*\n.*\/\(\/: .*\n.*\/\[\/i: /,
  );
});

test.each(["10", "m", "10w", "1h30m", "2026-11-27T12:01Z", "2026-13-40", ""])(
  "--since %j is refused",
  (text) => expect(() => question(`--since=${text}`)).toThrow("--since"),
);

test("a machine that is none is named with those that are there", () => {
  const machines = [{ name: "gate-node01" }, { name: "kube-mast01" }];
  expect(() => chosenMachines(machines, ["x", "gate-node01", "y"])).toThrow(
    /--machine x: allowed is gate-node01, kube-mast01\n.*--machine y/,
  );
  expect(chosenMachines(machines, ["kube-mast01"])).toEqual([machines[1]]);
  expect(chosenMachines(machines, undefined)).toEqual(machines);
});

test("units and pods are both wanted, unless one of them is asked for", () => {
  expect(question()).toMatchObject({ units: "usual", pods: [], follow: false, sinceMs: now - 600_000 });
  expect(question("--all", "-f")).toMatchObject({ units: "all", pods: [], follow: true });
  expect(question("--unit", "kubelet")).toEqual(expect.not.objectContaining({ pods: expect.anything() }));
  expect(question("--pod", "default/")).toEqual(expect.not.objectContaining({ units: expect.anything() }));
  expect(question("--unit", "kubelet", "--pod=default/web")).toMatchObject({
    units: ["kubelet"],
    pods: ["default/web"],
  });
});

test.each([
  ["oom", "kube-node01 kernel OOM killer", true],
  ["a.b", "axb", false],
  ["/a.b/", "axb", true],
  ["/oom|evict/i", "Evicting", true],
  ["/oom/", "OOM", false],
  ["/var/log", "in /var/log/pods", true],
])("%s in %j: %s", (word, line, found) => expect(filterOf(word)(line)).toBe(found));
