import { ofPosixWord, posixWord, powerShellWord } from "../../lib/shell-words";

/** Variables for a person's shell, and folders to put in front of PATH. */
export interface ShellEnvironment {
  variables: Record<string, string>;
  path: string[];
}

/** For `. .kube-lab/environment.sh` in a POSIX shell. */
export function posixEnvironment({ variables, path }: ShellEnvironment): string {
  const lines = Object.entries(variables).map(([name, value]) => `export ${name}=${posixWord(value)}`);
  return `${[...lines, `export PATH=${path.map(posixWord).join(":")}:"$PATH"`].join("\n")}\n`;
}

/** For `. .kube-lab\environment.ps1` in PowerShell; with the byte order mark that Windows' own PowerShell reads UTF-8 by. */
export function powerShellEnvironment({ variables, path }: ShellEnvironment): string {
  const lines = Object.entries(variables).map(([name, value]) => `$env:${name} = ${powerShellWord(value)}`);
  const folders = powerShellWord(path.map((folder) => `${folder};`).join(""));
  return `\uFEFF${[...lines, `$env:PATH = ${folders} + $env:PATH`].join("\r\n")}\r\n`;
}

/** The variables that a file of `posixEnvironment` sets. */
export function readPosixEnvironment(text: string): Record<string, string> {
  const found = [...text.matchAll(/^export (\w+)='(.*)'$/gm)];
  return Object.fromEntries(found.map(([, name = "", quoted = ""]) => [name, ofPosixWord(quoted)]));
}
