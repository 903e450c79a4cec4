/** One file of an archive. */
export interface DiagnosisFile {
  path: string;
  content: string;
}

/** What collect.sh printed, as files of the machine's folder. */
export function sectionsOf(machine: string, boundary: string, printed: string): DiagnosisFile[] {
  return printed
    .split(`\n${boundary} `)
    .slice(1)
    .map((section) => {
      const [name = "", ...lines] = section.split("\n");
      return { path: `${machine}/${name}`, content: `${lines.join("\n")}\n` };
    });
}
