import { inForce, type OwnArchive } from "../../hypervisor/containers/own-archives";
import { mib, type Surveyed } from "../../hypervisor/containers/survey";
import type { OwnImages } from "../../hypervisor/containers/wanted-images";
import { table } from "../../lib/table";

/** A person's images and who has them, for `--list`. @param surveys of the machines that answered */
export function imageTable({ configured, loaded }: OwnImages, surveys: readonly Surveyed[]): string {
  const rows = inForce([...configured, ...loaded]).flatMap((archive) =>
    archive.own.map(({ name }) => {
      const from = configured.some(({ file }) => file === archive.file) ? archive.file : "npm run load";
      return [name, from, archive.on, havingIt(archive, name, surveys), mib(archive.bytes)];
    }),
  );
  if (rows.length === 0) return "There are no images of your own. npm run load -- IMAGE brings one.";
  return table(["image", "from", "on", "machines that have it", "archive"], rows);
}

/** `2 of 3, not kube-node02` */
function havingIt({ sha256 }: OwnArchive, name: string, surveys: readonly Surveyed[]): string {
  const concerned = surveys.filter(({ archives }) => archives.some((archive) => archive.sha256 === sha256));
  const lacks = ({ lacked }: Surveyed) =>
    lacked.some((archive) => archive.sha256 === sha256 && archive.own.some((image) => image.name === name));
  const without = concerned.filter(lacks).map(({ guest }) => `, not ${guest.name}`);
  return `${concerned.length - without.length} of ${concerned.length}${without.join("")}`;
}

/** @throws Error with every name that was not loaded, and where else it is from */
export function refuseToRemove(names: readonly string[], { configured, loaded }: OwnImages): void {
  const known = loaded.flatMap(({ images }) => images.map(({ name }) => name));
  const problems = names
    .filter((name) => !known.includes(name))
    .map((name) => {
      const archive = configured.find(({ images }) => images.some((image) => image.name === name));
      return archive === undefined
        ? `  ${name} was not loaded; there are: ${known.join(", ") || "none"}`
        : `  ${name} is of ${archive.file}, which kube-lab:images names: take it out there, then npm run up`;
    });
  if (problems.length > 0) throw new Error(`nothing was removed:\n${problems.join("\n")}`);
}

/** What a person can write into a pod now. */
export function usableText(archives: readonly OwnArchive[]): string {
  const names = [...new Set(archives.flatMap(({ images }) => images.map(({ name }) => name)))];
  return [
    "Pods can use now:",
    ...names.map((name) => `  image: ${name}`),
    "with imagePullPolicy IfNotPresent or Never; the default for the tag latest is Always, and no registry has these.",
    "They are pinned: the kubelet does not remove them when a disk fills. Machines that come later get them by npm run up.",
  ].join("\n");
}
