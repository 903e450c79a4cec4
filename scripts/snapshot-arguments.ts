/** What `npm run snapshot` is to do. */
export type SnapshotRequest = { do: "list" } | { do: "take" | "restore" | "delete"; name: string };

const USAGE = `npm run snapshot                      lists the snapshots
npm run snapshot -- NAME              takes one
npm run snapshot -- --restore NAME    goes back to one
npm run snapshot -- --delete NAME     deletes one`;

/** @throws Error with the usage. */
export function parseSnapshotArguments(words: readonly string[]): SnapshotRequest {
  const [first, second, ...more] = words;
  if (more.length === 0) {
    if (first === undefined || (first === "--list" && second === undefined)) return { do: "list" };
    if (first === "--restore" && second !== undefined) return { do: "restore", name: second };
    if (first === "--delete" && second !== undefined) return { do: "delete", name: second };
    if (!first.startsWith("-") && second === undefined) return { do: "take", name: first };
  }
  throw new Error(`not understood: ${words.join(" ")}\n${USAGE}`);
}
