import { readdirSync, readFileSync } from "node:fs";
import { join, posix, relative, sep } from "node:path";

/** Data flows one way: each folder, and those that it may build on. What is not here may import everything but tests. */
const foundations: Record<string, readonly string[]> = {
  lib: [],
  plan: ["lib"],
  "cloud-init": ["lib", "plan"],
  embedded: ["lib"],
  supply: ["lib", "plan"],
  hypervisor: ["lib", "plan", "embedded", "supply"],
  components: ["lib", "plan", "cloud-init", "hypervisor"],
  lab: ["lib", "plan", "hypervisor", "supply"],
  ui: ["lib", "plan", "lab"],
  scripts: ["lib", "plan", "embedded", "supply", "hypervisor", "components", "lab", "ui"],
  examples: ["components"],
};

const project = join(__dirname, "..", "..");
const imported = /\b(?:from|import|require)\b\s*\(?\s*"(\.[^"]+)"/g;

/** Folders beside its own that a folder's files import from, each with the file that does. */
function importsOf(folder: string): { file: string; from: string }[] {
  const entries = readdirSync(join(project, folder), { withFileTypes: true, recursive: true });
  const files = entries
    .filter((entry) => entry.isFile() && /\.(ts|mjs)$/.test(entry.name))
    .map((entry) => relative(project, join(entry.parentPath, entry.name)).split(sep).join("/"));
  return files.flatMap((file) =>
    [...readFileSync(join(project, file), "utf8").matchAll(imported)]
      .map(([, path = ""]) => posix.join(posix.dirname(file), path).split("/")[0] ?? "")
      .filter((from) => from !== folder)
      .map((from) => ({ file, from })),
  );
}

test.each(Object.keys(foundations))("%s imports nothing that is built on it", (folder) => {
  const all = importsOf(folder);
  expect(all.filter(({ from }) => !foundations[folder]?.includes(from))).toEqual([]);
});

test("imports are found", () => {
  expect(importsOf("plan").length).toBeGreaterThan(5);
  expect(importsOf("scripts").map(({ from }) => from)).toContain("ui");
});

test("each file of scripts/ is a command of package.json, and each folder holds the parts of one", () => {
  const { scripts } = JSON.parse(readFileSync(join(project, "package.json"), "utf8")) as {
    scripts: Record<string, string>;
  };
  const commands = Object.values(scripts).flatMap((line) => /scripts\/([\w-]+)\.ts/.exec(line)?.[1] ?? []);
  const entries = readdirSync(join(project, "scripts")).map((name) => name.replace(/\.ts$/, ""));
  expect([...new Set(entries)].sort()).toEqual([...new Set(commands)].sort());
});
