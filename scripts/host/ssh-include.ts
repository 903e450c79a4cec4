/** ssh_config(5) takes the first value of a setting: the line must come before any block. */
export function withInclude(text: string, file: string): string {
  return `${line(file)}\n${withoutInclude(text, file)}`;
}

/** The text without the line that includes this file. */
export function withoutInclude(text: string, file: string): string {
  return text
    .split(/(?<=\n)/)
    .filter((each) => each.trimEnd() !== line(file))
    .join("");
}

/** The lab's configuration for any folder: its key and known hosts by their whole paths. */
export function fromAnywhere(sshConfig: string, project: string): string {
  const folder = project.replaceAll("\\", "/").replaceAll("%", "%%");
  return sshConfig.replaceAll(/"(\.kube-lab\/)/g, (_, path: string) => `"${folder}/${path}`);
}

function line(file: string): string {
  return `Include "${file.replaceAll("\\", "/")}"`;
}
