import { readFileSync } from "node:fs";
import { join } from "node:path";
import { posixWord } from "../../lib/shell-words";
import type { LogEntry, Span } from "./entry";

/**
 * What prints a machine's pods' lines, see pod-lines.py.
 * @param pods beginnings of `namespace/name`; all where there is none
 */
export function podsCommand({ since, until }: Span, pods: readonly string[]) {
  const options = { since, until, pods: pods.map((pod) => pod.replace("/", "_")) };
  return {
    command: `sudo python3 - ${posixWord(JSON.stringify(options))}`,
    stdin: readFileSync(join(__dirname, "pod-lines.py"), "utf8"),
  };
}

/** `NAMESPACE_NAME_UID/CONTAINER/N.log`, and the line as CRI has it. */
const shape =
  /^([^_/]+)_([^_/]+)_[^/]+\/([^/]+)\/[^\t]+\t(\S+?)(?:\.(\d+))?(Z|[+-]\d\d:\d\d) (?:stdout|stderr) F (.*)$/s;

/** @returns undefined where the line is none of a pod's */
export function podEntry(machine: string, line: string): LogEntry | undefined {
  const match = shape.exec(line);
  if (match === null) return undefined;
  const [, namespace, name, container = "", seconds, fraction = "", zone, message = ""] = match;
  const time = Date.parse(`${seconds}${zone}`) * 1000 + Number(fraction.slice(0, 6).padEnd(6, "0"));
  return { time, machine, pod: `${namespace}/${name}`, container, message };
}
