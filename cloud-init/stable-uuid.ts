import { sha256Of } from "../lib/checksum";

/** The same UUID for the same words, always: version 5 in form, of a namespace of our own. */
export function stableUuid(words: string): string {
  const hex = sha256Of(`kube-lab ${words}`);
  const variant = ((Number.parseInt(hex.slice(16, 17), 16) & 0x3) | 0x8).toString(16);
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `5${hex.slice(13, 16)}`,
    `${variant}${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join("-");
}
