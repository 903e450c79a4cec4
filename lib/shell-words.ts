/** A text as one word of a POSIX shell, whatever is in it. */
export function posixWord(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** The text of one of `posixWord`, without its outer quotes. */
export function ofPosixWord(quoted: string): string {
  return quoted.replaceAll("'\\''", "'");
}

/** A text as one word of PowerShell. */
export function powerShellWord(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
