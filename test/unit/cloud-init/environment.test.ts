import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { guestFiles } from "../../../cloud-init/guest-files";
import { writeHostEnvironment } from "../../../embedded/machine/guest-tree";
import { exampleCredentials } from "../../rendered/example-credentials";
import { allRoles, exampleLab, firstOf } from "../../rendered/example-lab";

const plan = exampleLab();
const folder = mkdtempSync(join(tmpdir(), "kube-lab-environment-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Names of an environment file's variables that none of these texts has. */
function unread(environment: string, texts: string[]): string[] {
  const words = new Set(texts.flatMap((text) => text.match(/\w+/g) ?? []));
  return [...environment.matchAll(/^(\w+)=/gm)].flatMap(([, name = ""]) => (words.has(name) ? [] : [name]));
}

function filesOf(role: (typeof allRoles)[number]) {
  const machine = firstOf(plan, role);
  return guestFiles(plan, machine, exampleCredentials(plan, machine));
}

const environmentPath = "/etc/kube-lab/environment";

test.each(allRoles)("a %s reads every variable that it is given", (role) => {
  const files = filesOf(role);
  const environment = files.find(({ path }) => path === environmentPath)?.content ?? "";
  expect(environment).not.toBe("");
  const others = files.filter(({ path }) => path !== environmentPath);
  expect(
    unread(
      environment,
      others.map(({ content }) => content),
    ),
  ).toEqual([]);
});

test.each(["v1", "v2"] as const)(
  "machines read every variable that the stand-in gives them, %s",
  (cgroup) => {
    const file = join(folder, "host.env");
    writeHostEnvironment(file, cgroup, true);
    const contents = allRoles.flatMap((role) => filesOf(role).map(({ content }) => content));
    expect(unread(readFileSync(file, "utf8"), contents)).toEqual([]);
  },
);
