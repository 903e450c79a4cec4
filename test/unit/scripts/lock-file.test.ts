import { readFileSync } from "node:fs";
import path from "node:path";

interface LockFile {
  packages: Record<string, { version?: string; optionalDependencies?: Record<string, string> }>;
}

/** npm installs no optional package that the lockfile leaves out, and so none of a tool's programs for another system. */
it("has every tool's program for every system, whatever system the lockfile was written on", () => {
  const file = path.join(__dirname, "..", "..", "..", "package-lock.json");
  const { packages } = JSON.parse(readFileSync(file, "utf8")) as LockFile;
  const wanted = Object.entries(packages).flatMap(([parent, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies).map((name) => ({ parent, name })),
  );
  const missing = wanted.filter(
    ({ parent, name }) => !packages[`node_modules/${name}`] && !packages[`${parent}/node_modules/${name}`],
  );
  expect(wanted.length).toBeGreaterThan(50);
  expect(missing).toEqual([]);
});
