/**
 * Names in a package list: one a line, `#` starts a comment. Sorted, each once.
 * @throws Error with file and line for what is no Debian package name.
 */
export function parsePackageList(text: string, file: string): string[] {
  const names = text.split("\n").flatMap((line, index) => {
    const name = line.replace(/#.*/, "").trim();
    if (name === "") return [];
    // Debian Policy 5.6.7: lower case letters, digits, plus, minus, full stop.
    if (/^[a-z0-9][a-z0-9+.-]+$/.test(name)) return [name];
    throw new Error(`${file}:${index + 1}: "${name}" is no package name. One name a line, then "# why".`);
  });
  return [...new Set(names)].sort();
}
