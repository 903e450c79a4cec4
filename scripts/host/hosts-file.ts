import path from "node:path";

/** Where a system has its own table of names. */
export function hostsFilePath(platform: NodeJS.Platform, environment: NodeJS.ProcessEnv): string {
  return platform === "win32"
    ? path.win32.join(environment.SystemRoot ?? "C:\\Windows", "System32", "drivers", "etc", "hosts")
    : "/etc/hosts";
}

/** The file's text with the lab's lines at its end, instead of any it had; line ends stay the file's. */
export function withLab(text: string, stack: string, lines: readonly string[]): string {
  const end = text.includes("\r\n") ? "\r\n" : "\n";
  const before = withoutLab(text, stack);
  const gap = before === "" || before.endsWith("\n") ? "" : end;
  return `${before}${gap}${[begin(stack), ...lines, finish(stack)].map((line) => line + end).join("")}`;
}

/** The file's text without the lab's lines. */
export function withoutLab(text: string, stack: string): string {
  const lines = text.split(/(?<=\n)/);
  const first = lines.findIndex((line) => line.trimEnd() === begin(stack));
  const last = lines.findIndex((line, index) => index > first && line.trimEnd() === finish(stack));
  // Half a block is somebody's own work: it stays.
  return first < 0 || last < 0 ? text : [...lines.slice(0, first), ...lines.slice(last + 1)].join("");
}

function begin(stack: string): string {
  return `# kube-lab ${stack}: begin`;
}

function finish(stack: string): string {
  return `# kube-lab ${stack}: end`;
}

/** The program and arguments that put a file in the place of the hosts file, whose owner and rights stay. */
export function copyCommand(platform: NodeJS.Platform, from: string, to: string): string[] {
  return platform === "win32" ? ["xcopy.exe", "/Y", "/Q", from, to] : ["cp", from, to];
}
