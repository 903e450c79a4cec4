const expression = /^\/(.+)\/(i?)$/s;

/** Whether a line has what is looked for. */
export type Filter = (line: string) => boolean;

/**
 * A filter for a word of the command line: a text, whatever its case, or a regular expression between slashes.
 * @throws SyntaxError where that is none
 */
export function filterOf(word: string): Filter {
  const [, pattern, flags] = expression.exec(word) ?? [];
  if (pattern === undefined) {
    const text = word.toLowerCase();
    return (line) => line.toLowerCase().includes(text);
  }
  const regular = new RegExp(pattern, `u${flags}`);
  return (line) => regular.test(line);
}
