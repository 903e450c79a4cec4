/**
 * Reading what VBoxManage prints. Sources: VBoxManageInfo.cpp and VBoxManageList.cpp of VirtualBox 7.2.
 * Pure: text in, values out; lines may end in LF or CRLF.
 */

/** The wrapper script's words when the kernel driver is missing: from `WARNING: The …` to its last line. */
const DRIVER_WARNING =
  /^WARNING: The (?:character device \/dev\/vboxdrv|vboxdrv kernel module)[\s\S]*?(?:problem is fixed\.|is fixed\.)[ \t]*\n?/gm;

/** Text without carriage returns and without the kernel driver's warning, which every call repeats. */
export function cleaned(text: string): string {
  return text.replace(/\r\n/g, "\n").replace(DRIVER_WARNING, "");
}

/** VBoxManage says that its kernel driver is missing. */
export function hasDriverWarning(text: string): boolean {
  return text.replace(/\r\n/g, "\n").search(DRIVER_WARNING) >= 0;
}

/**
 * Error lines of standard error, without their `VBoxManage: error: `, without progress (`0%...10%...`) and the pages of usage
 * that follow a wrong argument. Where no line is marked as an error, all lines.
 */
export function errorLines(stderr: string): string[] {
  const lines = cleaned(stderr)
    .replace(/(?:\d{1,3}%(?:\.\.\.)?)+/g, "")
    .split("\n");
  const marked = lines.filter((line) => ERROR_PREFIX.test(line));
  return (marked.length > 0 ? marked : lines)
    .map((line) => line.replace(ERROR_PREFIX, "").trim())
    .filter((line) => line !== "" && !/^(?:Context: |Progress state: )/.test(line));
}

const ERROR_PREFIX = /^VBoxManage(?:\.exe)?: error: /;

/** VBoxManage can fail with exit status 0; then only its output tells. */
export function saysError(stderr: string): boolean {
  return /^VBoxManage(?:\.exe)?: error: /m.test(cleaned(stderr));
}

/** `showvminfo --machinereadable`: keys and values without their quotes. Some keys are quoted, numbers are not. */
export function parseMachineReadable(text: string): Map<string, string> {
  const values = new Map<string, string>();
  let pending: { key: string; value: string } | undefined;
  for (const line of cleaned(text).split("\n")) {
    if (pending) {
      // A description may have several lines: it goes on until its closing quote.
      pending.value += `\n${line}`;
    } else {
      const found = /^(?:"((?:[^"\\]|\\.)*)"|([^="]+))=(.*)$/.exec(line);
      if (!found) continue;
      pending = { key: unescaped(found[1] ?? found[2] ?? ""), value: found[3] ?? "" };
    }
    const opened = pending.value.startsWith('"');
    const closed = pending.value.length > 1 && /(?:^|[^\\])(?:\\\\)*"$/.test(pending.value);
    if (opened && !closed) continue;
    values.set(pending.key, opened ? unescaped(pending.value.slice(1, -1)) : pending.value);
    pending = undefined;
  }
  return values;
}

function unescaped(text: string): string {
  return text.replace(/\\([\\"])/g, "$1");
}

/** `list vms` and `list runningvms`: names to UUIDs. A machine whose file is gone is listed as `<inaccessible>`. */
export function parseMachineList(text: string): Map<string, string> {
  const machines = new Map<string, string>();
  for (const line of cleaned(text).split("\n")) {
    const found = /^"(.*)" \{([0-9a-fA-F-]{36})\}$/.exec(line.trim());
    if (found?.[1] !== undefined && found[2] !== undefined) machines.set(found[1], found[2].toLowerCase());
  }
  return machines;
}

/** `list hdds|hostonlyifs|bridgedifs|hostonlynets`: blocks of `Key: value`, apart by empty lines. */
export function parseBlocks(text: string): Map<string, string>[] {
  return cleaned(text)
    .split(/\n\s*\n/)
    .map(parseColons)
    .filter((block) => block.size > 0);
}

/** `Key:   value` lines, as in `list systemproperties` and `showmediuminfo`. */
export function parseColons(text: string): Map<string, string> {
  const values = new Map<string, string>();
  for (const line of cleaned(text).split("\n")) {
    const colon = line.indexOf(":");
    if (colon > 0) values.set(line.slice(0, colon).trim(), line.slice(colon + 1).trim());
  }
  return values;
}

/** `getextradata`: the value, undefined where it says `No value set!`. */
export function parseExtraData(text: string): string | undefined {
  return /^Value: ([\s\S]*)$/m.exec(cleaned(text))?.[1]?.trimEnd();
}

/** `--version`: `7.2.22r170000`, `7.0.16_Debianr162802` → its three numbers. The last line: the warning may come first. */
export function parseVersion(text: string): [number, number, number] | undefined {
  const found = /^(\d+)\.(\d+)\.(\d+)/m.exec(cleaned(text));
  return found ? [Number(found[1]), Number(found[2]), Number(found[3])] : undefined;
}

/** VBoxManage's block `Capacity:       512000 MBytes` in MiB. */
export function parseCapacityMiB(text: string): number | undefined {
  const found = /^(\d+) MBytes/.exec(parseColons(text).get("Capacity") ?? "");
  return found ? Number(found[1]) : undefined;
}
