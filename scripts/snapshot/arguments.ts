import type { Options, Values } from "../../lib/command-line";

/** What `npm run snapshot` is to do. */
export type SnapshotRequest = { do: "list" } | { do: "take" | "restore" | "delete"; name: string };

export const snapshotOptions = {
  list: { type: "boolean", does: "lists the snapshots, as without all" },
  restore: { type: "string", value: "NAME", does: "goes back to one: what was done since is lost" },
  delete: { type: "string", value: "NAME", does: "deletes one" },
} as const satisfies Options;

export const snapshotUsage = {
  name: "snapshot",
  does: "takes a snapshot of the whole lab, or lists them",
  options: snapshotOptions,
  words: "[NAME]",
};

/** @throws Error where it is not one thing that is asked for. */
export function snapshotRequest(
  values: Values<typeof snapshotOptions>,
  words: readonly string[],
): SnapshotRequest {
  const requests: SnapshotRequest[] = [
    ...words.map((name) => ({ do: "take" as const, name })),
    ...(values.restore === undefined ? [] : [{ do: "restore" as const, name: values.restore }]),
    ...(values.delete === undefined ? [] : [{ do: "delete" as const, name: values.delete }]),
    ...(values.list ? [{ do: "list" as const }] : []),
  ];
  const [request = { do: "list" }, ...more] = requests;
  if (more.length === 0) return request;
  throw new Error(
    "one of NAME, --list, --restore NAME and --delete NAME, not several. See: npm run snapshot -- --help",
  );
}
