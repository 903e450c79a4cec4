import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";

const project = join(__dirname, "../..");

const documents = [
  ...readdirSync(project, { withFileTypes: true }),
  ...readdirSync(join(project, "docs"), { withFileTypes: true, recursive: true }),
]
  .filter((entry) => entry.isFile() && entry.name.endsWith(".md"))
  .map((entry) => pathOf(join(entry.parentPath, entry.name)));

/** Below the project, with slashes on every system. */
function pathOf(file: string): string {
  return relative(project, file).replaceAll(sep, "/");
}

const textOf = (document: string) => readFileSync(join(project, document), "utf8");

const { scripts } = JSON.parse(textOf("package.json")) as { scripts: Record<string, string> };

/** As GitHub names the headings of a document. */
function anchorsOf(document: string): string[] {
  return [...textOf(document).matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replace(/[^\w\- ]/g, "")
      .replaceAll(" ", "-"),
  );
}

/** Links of a document to nothing. */
function brokenLinks(document: string): string[] {
  const links = [...textOf(document).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = ""]) => link);
  return links.filter((link) => {
    if (/^https?:/.test(link)) return false;
    const [path = "", anchor] = link.split("#");
    const target = path === "" ? document : pathOf(resolve(project, dirname(document), decodeURI(path)));
    if (!existsSync(join(project, target))) return true;
    return anchor !== undefined && !anchorsOf(target).includes(anchor);
  });
}

/** Files and folders of the project that are named as code, by their whole path. */
function namedFiles(document: string): string[] {
  const named = /`((?:[\w-]+\/)+(?:[\w.-]+\.(?:ts|mjs|sh|yaml|md|txt|css))?)`/g;
  return [...textOf(document).matchAll(named)].map(([, path = ""]) => path);
}

describe.each(documents)("%s", (document) => {
  test("links to what is there", () => {
    expect(brokenLinks(document)).toEqual([]);
  });

  test("names commands that package.json has", () => {
    const named = [...textOf(document).matchAll(/npm run ([a-z](?:[\w:-]*\w)?)/g)].map(
      ([, name = ""]) => name,
    );
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
  });
});

test("CONTRIBUTING.md names files and folders that are there", () => {
  const named = namedFiles("CONTRIBUTING.md");
  expect(named.length).toBeGreaterThan(20);
  expect(named.filter((path) => !existsSync(join(project, path)))).toEqual([]);
});

test("docs/commands.md has every command for who uses a lab", () => {
  const development = /^(test|check|format|generate|set-up)/;
  const wanted = Object.keys(scripts).filter((name) => !development.test(name));
  const commands = textOf("docs/commands.md");
  expect(wanted.filter((name) => !commands.includes(`npm run ${name}`))).toEqual([]);
});

test("docs/README.md leads to every document", () => {
  const index = textOf("docs/README.md");
  const others = documents.filter((path) => path.startsWith("docs/") && path !== "docs/README.md");
  expect(others.filter((path) => !index.includes(`](${path.slice("docs/".length)}`))).toEqual([]);
});

/** Messages of other programs, that a person may meet. */
const foreign = [
  "failed to run Kubelet: mountpoint for cpu not found",
  "apply request took too long",
  "Transport endpoint is not connected",
];

/** All that the program and its machines can say, without what is filled in. */
function messages(): string {
  const folders = readdirSync(project, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !/^\.|^(node_modules|test|docs)$/.test(entry.name))
    .map(({ name }) => name);
  const sources = folders.flatMap((folder) =>
    readdirSync(join(project, folder), { withFileTypes: true, recursive: true })
      .filter((entry) => entry.isFile() && /\.(ts|sh)$|^kube-lab$/.test(entry.name))
      .map((entry) => readFileSync(join(entry.parentPath, entry.name), "utf8")),
  );
  return sources.join("\n");
}

test("docs/troubleshooting.md quotes messages as the program says them", () => {
  const symptoms = textOf("docs/troubleshooting.md")
    .split("\n")
    .filter((line) => line.startsWith("| "))
    .flatMap((line) => [...(line.split(" | ")[0] ?? "").matchAll(/`([^`]*)`/g)])
    .map(([, quoted = ""]) => quoted)
    .filter((quoted) => quoted.includes(" "));
  const said = messages();
  const unknown = symptoms
    .filter((quoted) => !foreign.includes(quoted))
    .filter((quoted) => !quoted.split("…").every((part) => said.includes(part.trim())));
  expect(symptoms.length).toBeGreaterThan(20);
  expect(unknown).toEqual([]);
});
