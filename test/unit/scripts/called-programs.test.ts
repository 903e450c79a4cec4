import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { standInPrograms } from "../../../embedded/host-packages";
import { labPrograms } from "../../../scripts/set-up/set-up";
import { testPackages, testPrograms } from "../../../scripts/test/packages";
import { freshPrograms } from "../../../scripts/test-fresh/root";
import { basePrograms } from "../../../supply/base/host";

/** On a fresh computer only what somebody installs is there: each program that is called must be in the list of who does. */
const project = join(__dirname, "../../..");

/** Debian's essential packages and apt, which are on every Debian; README asks for the rest. */
const everywhere = new Set(
  [
    "apt-config apt-get dpkg-query which sh bash perl",
    "basename cat chmod chroot cp cut dd dirname echo env id install kill ln ls mkdir mknod printf readlink rm sleep stat sync",
    "tee test touch tr truncate wc awk find grep sed tar",
    "git go node npm pulumi pulumi-language-nodejs",
  ].flatMap((names) => names.split(" ")),
);

/** Not of Linux, or of a desktop that has a choice of its own. */
const elsewhere = new Set(["whoami.exe", "w32tm.exe", "powershell.exe", "taskkill"]);

/** Asked where it is there; what is told without it is less. */
const asked = new Set(["timedatectl", "ss"]);

const product = { ...labPrograms, ...standInPrograms, ...basePrograms("lvm") };
const listed: Record<string, Readonly<Record<string, string>>> = {
  components: labPrograms,
  embedded: standInPrograms,
  hypervisor: labPrograms,
  lab: labPrograms,
  lib: labPrograms,
  supply: basePrograms("lvm"),
  scripts: { ...labPrograms, ...freshPrograms },
  test: { ...product, ...testPrograms },
  ui: labPrograms,
};

function filesBelow(folder: string, end: RegExp): string[] {
  return readdirSync(join(project, folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && end.test(entry.name))
    .map((entry) => relative(project, join(entry.parentPath, entry.name)))
    .filter((path) => !path.includes("node_modules"));
}

/** Names that are handed to what starts programs; a path or a name out of a variable is somebody's own. */
const starts =
  /(?<![.\w])(?:spawn|spawnSync|execFile|execFileSync|runOnHost|runQuietly|expectAccepted|testWith)\(\s*"([a-z][\w.-]*)"/g;
const described = /\bprogram: "([a-z][\w.-]*)"/g;

function calledBy(path: string): string[] {
  const text = readFileSync(join(project, path), "utf8");
  return [starts, described].flatMap((pattern) => [...text.matchAll(pattern)].map(([, name = ""]) => name));
}

test.each(Object.keys(listed))("%s calls no program that nobody installs", (folder) => {
  const known = new Set([...everywhere, ...elsewhere, ...asked, ...Object.keys(listed[folder] ?? {})]);
  const paths = filesBelow(folder, /\.(ts|mjs)$/);
  const unknown = paths.flatMap((path) =>
    calledBy(path)
      .filter((name) => !known.has(name))
      .map((name) => `${path}: ${name}`),
  );
  expect(paths.length).toBeGreaterThan(0);
  expect(unknown).toEqual([]);
});

test("npm test installs what both hypervisors and both layouts want", () => {
  const wanted = { ...standInPrograms, ...basePrograms("lvm"), ...testPrograms };
  expect(testPackages).toEqual(expect.arrayContaining(Object.values(wanted)));
});

/** Words that bash knows itself. */
const shellWords = new Set(
  "cd continue declare do done echo elif else esac exec exit export fi for if in kill local printf pwd read readonly return set shift then trap true until while".split(
    " ",
  ),
);

const textOf = (path: string) => readFileSync(join(project, path), "utf8");
const functionsOf = (path: string) => [...textOf(path).matchAll(/^(\w+)\(\)/gm)].map(([, name = ""]) => name);

/** The first word of each command of a script; what follows a chroot is in the file system that it enters. */
function commandsOf(path: string): string[] {
  const joined = textOf(path)
    .replace(/\\\n/g, " ")
    .replace(/^\s*#.*$/gm, "");
  const unquoted = joined
    .replace(/<<END\n[\s\S]*?\nEND\n/g, "\n")
    .replace(/'[^']*'/g, "''")
    .replace(/"(?:[^"\\]|\\.)*"/g, '""');
  const first = /(?:^|\||&&|;|<\(|\bdo|\bthen|!|\{)\s*(?:\w+=\S*\s+)*([a-z][\w.-]*)(?=\s|$|\))/gm;
  const substituted = /\$\(\s*([a-z][\w.-]*)(?=\s|\))/g;
  const words = [...unquoted.matchAll(first), ...joined.matchAll(substituted)].map(([, name = ""]) => name);
  return [...new Set(words)].filter((name) => !shellWords.has(name));
}

test.each([
  { folder: "supply/base", files: /^(?!grow).*\.sh$/, programs: basePrograms("lvm") },
  { folder: "test/base", files: /\.sh$/, programs: testPrograms },
])("scripts of $folder call no program that nobody installs", ({ folder, files, programs }) => {
  const paths = filesBelow(folder, files);
  const known = new Set([...everywhere, ...Object.keys(programs), ...paths.flatMap(functionsOf)]);
  const called = paths.flatMap((path) => commandsOf(path).map((name) => ({ path, name })));
  expect(called.length).toBeGreaterThan(10);
  expect(called.filter(({ name }) => !known.has(name))).toEqual([]);
});
