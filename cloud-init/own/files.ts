import type { OwnPart } from "../../plan/own-part";
import type { GuestFile } from "../guest-file";

/** A person's own part of a machine with the contents of the files that come from the host, by their names there. */
export interface OwnDelivery {
  part: OwnPart;
  sources: ReadonlyMap<string, Buffer>;
}

/**
 * What own.sh reads: one file for root alone, since contents and commands may be secret. None where there is nothing to do; what
 * was done before is undone then.
 */
export function ownFiles(own: OwnDelivery | undefined): GuestFile[] {
  if (own === undefined) return [];
  const { files, commands, packages } = own.part;
  const content = {
    files: files.map(({ from, ...file }) => ({ ...file, content: contentOf(from, own).toString("base64") })),
    commands,
    packages,
  };
  return [{ path: "/etc/kube-lab/own.json", mode: "0600", content: `${JSON.stringify(content, null, 1)}\n` }];
}

function contentOf(from: OwnPart["files"][number]["from"], { sources }: OwnDelivery): Buffer {
  if ("content" in from) return Buffer.from(from.content);
  const bytes = sources.get(from.source);
  if (bytes === undefined) throw new Error(`${from.source} was not read`);
  return bytes;
}
