import { readdirSync, readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";

const project = join(__dirname, "..", "..");
const folders = readdirSync(project, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && !/^\.|^(?:node_modules|test|docs|examples)$/.test(entry.name))
  .map(({ name }) => name);
const exported = /^export (?:async )?(?:function|class|interface|type|const) (\w+)/gm;

test("an exported name means one thing: no two files export the same", () => {
  const files = new Map<string, string[]>();
  for (const folder of folders)
    for (const entry of readdirSync(join(project, folder), { withFileTypes: true, recursive: true })) {
      if (!entry.isFile() || !entry.name.endsWith(".ts")) continue;
      const file = join(entry.parentPath, entry.name);
      for (const [, name = ""] of readFileSync(file, "utf8").matchAll(exported))
        files.set(name, [...(files.get(name) ?? []), relative(project, file).split(sep).join("/")]);
    }
  expect(files.size).toBeGreaterThan(500);
  expect([...files].filter(([, where]) => where.length > 1)).toEqual([]);
});
