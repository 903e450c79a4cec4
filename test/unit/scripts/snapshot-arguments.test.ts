import { parseSnapshotArguments } from "../../../scripts/snapshot-arguments";

test.each([
  [[], { do: "list" }],
  [["--list"], { do: "list" }],
  [["before-upgrade"], { do: "take", name: "before-upgrade" }],
  [["--restore", "a"], { do: "restore", name: "a" }],
  [["--delete", "a"], { do: "delete", name: "a" }],
])("%j", (words, request) => expect(parseSnapshotArguments(words)).toEqual(request));

test.each([
  [["--restore"]],
  [["--delete"]],
  [["a", "b"]],
  [["--list", "a"]],
  [["--revert", "a"]],
  [["--delete", "a", "b"]],
])("%j gets the usage", (words) =>
  expect(() => parseSnapshotArguments(words)).toThrow(/^not understood: .*\n.*lists the snapshots/),
);
