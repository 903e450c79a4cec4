import { parseCommandLine } from "../../../lib/command-line";
import { snapshotRequest, snapshotUsage } from "../../../scripts/snapshot/arguments";

function requestOf(words: string[]) {
  const given = parseCommandLine(snapshotUsage, words, {});
  return given === "help" ? given : snapshotRequest(given.values, given.words);
}

test.each([
  [[], { do: "list" }],
  [["--list"], { do: "list" }],
  [["before-upgrade"], { do: "take", name: "before-upgrade" }],
  [["--restore", "a"], { do: "restore", name: "a" }],
  [["--delete", "a"], { do: "delete", name: "a" }],
  [["--delete", "a", "--help"], "help"],
])("%j", (words, request) => expect(requestOf(words)).toEqual(request));

test.each([
  [["--restore"]],
  [["--delete"]],
  [["a", "b"]],
  [["--list", "a"]],
  [["--revert", "a"]],
  [["--delete", "a", "b"]],
  [["--delete", "a", "--restore", "b"]],
])("%j is refused", (words) => expect(() => requestOf(words)).toThrow(/npm run snapshot -- --help/));
