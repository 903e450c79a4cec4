import { cp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { goCommand } from "./go-command";

/** A Go module that one of our small modules depends on, and the release wanted of it (with "v"). */
export type Requirement = [module: string, version: string];

/**
 * Copies one of the modules into a folder, set to the wanted releases. Where they are the committed ones, go.sum is the
 * committed one too; else the requirements are worked out anew and checked against Go's checksum database.
 */
export async function prepareModule(
  source: string,
  folder: string,
  wanted: Requirement[],
  onLine: (line: string) => void,
): Promise<void> {
  await cp(source, folder, { recursive: true });
  const path = join(folder, "go.mod");
  const committed = await readFile(path, "utf8");
  if (wanted.every((requirement) => hasRequirement(committed, requirement))) return;
  const kubernetes = wanted.find(([module]) => module === "k8s.io/kubernetes");
  const replacements = kubernetes && (await stagingReplacements(folder, kubernetes[1], onLine));
  await writeFile(path, retarget(committed, wanted, replacements));
  await rm(join(folder, "go.sum"), { force: true });
  await goCommand({ arguments: ["mod", "tidy"], folder, onLine });
}

/** Whether a go.mod requires exactly this release; what only `tool` lines use is marked as indirect there. */
export function hasRequirement(goMod: string, [module, version]: Requirement): boolean {
  return goMod
    .split("\n")
    .some((line) => line.replace(/^require|\/\/.*$/g, "").trim() === `${module} ${version}`);
}

/** go.mod with other requirements; with other replacements too where they are given. */
export function retarget(goMod: string, wanted: Requirement[], replacements?: string[]): string {
  const kept = dropDirective(goMod, "require");
  const rest = replacements ? dropDirective(kept, "replace") : kept;
  const block = (word: string, lines: string[]): string =>
    `${word} (\n${lines.map((l) => `\t${l}\n`).join("")})\n`;
  const parts = [
    rest.trim(),
    block(
      "require",
      wanted.map(([module, version]) => `${module} ${version}`),
    ),
  ];
  if (replacements) parts.push(block("replace", replacements));
  return `${parts.join("\n\n")}`;
}

function dropDirective(goMod: string, word: string): string {
  return goMod
    .replace(new RegExp(`^${word} \\([^)]*^\\)\\n?`, "gm"), "")
    .replace(new RegExp(`^${word} [^(\\n]*\\n`, "gm"), "");
}

/** Kubernetes takes its own libraries from ./staging; outside its tree they are the modules of the same release, v0.x. */
async function stagingReplacements(
  folder: string,
  version: string,
  onLine: (line: string) => void,
): Promise<string[]> {
  const output = await goCommand({
    arguments: ["mod", "download", "-json", `k8s.io/kubernetes@${version}`],
    folder,
    onLine,
  });
  const { GoMod } = JSON.parse(output) as { GoMod: string };
  return replacementsOf(await readFile(GoMod, "utf8"), version);
}

/** The replace lines for what a release of Kubernetes takes from ./staging. */
export function replacementsOf(kubernetesGoMod: string, version: string): string[] {
  const library = version.replace(/^v1\./, "v0.");
  const modules = [...kubernetesGoMod.matchAll(/^\s*(?:replace )?(k8s\.io\/\S+) => \.\/staging\//gm)].map(
    (m) => m[1],
  );
  return modules.map((module) => `${module} => ${module} ${library}`);
}
