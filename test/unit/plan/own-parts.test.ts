import { guestFiles } from "../../../cloud-init/guest-files";
import { parseConfiguration, usableConfiguration } from "../../../plan/config/configuration";
import { ownParts } from "../../../plan/config/own-parts";
import { isLabsPath } from "../../../plan/own-part";
import { planLab } from "../../../plan/plan";
import { exampleCredentials } from "../../rendered/example-credentials";
import { allRoles, exampleLab, firstOf } from "../../rendered/example-lab";
import { problemsOf, refusal } from "./problems-of";

const partsOf = (cloudInit: unknown) => ownParts(parseConfiguration({ cloudInit }));

test("all, then the role, then the machine: a later file goes before an earlier one of its path, commands add up", () => {
  const file = (content: string) => ({ path: "/etc/own", content });
  const parts = partsOf({
    all: { files: [file("all"), { path: "/etc/all", content: "all" }], commands: ["a"], packages: ["htop"] },
    workers: { files: [file("workers")], commands: ["w"], packages: ["htop", "jq"] },
    machines: { "kube-node02": { files: [file("machine")], commands: ["m"] } },
  });
  const seen = (name: string) => {
    const { files, commands, packages } = parts.get(name) ?? { files: [], commands: [], packages: [] };
    return {
      own: files.filter(({ path }) => path === "/etc/own").map(({ from }) => from),
      commands: commands.map(({ command }) => command),
      packages,
    };
  };
  expect(parts.size).toBe(12);
  expect(seen("kube-mast01")).toEqual({ own: [{ content: "all" }], commands: ["a"], packages: ["htop"] });
  expect(seen("kube-node01")).toEqual({
    own: [{ content: "workers" }],
    commands: ["a", "w"],
    packages: ["htop", "jq"],
  });
  expect(seen("kube-node02")).toMatchObject({ own: [{ content: "machine" }], commands: ["a", "w", "m"] });
});

test("a file has the modes and owner of a plain one where nothing else is said, and says where it comes from", () => {
  const [file] =
    partsOf({ gateway: { files: [{ path: "/opt/x", source: "x.sh" }] } }).get("gate-node01")?.files ?? [];
  expect(file).toEqual({
    key: "cloudInit.gateway.files[0]",
    path: "/opt/x",
    permissions: "0644",
    owner: "root:root",
    from: { source: "x.sh" },
  });
  const plan = planLab(
    parseConfiguration({ cloudInit: { all: { files: [{ path: "/opt/x", source: "x.sh" }] } } }),
    "dev",
  );
  expect(plan.ownSources).toEqual([{ key: "cloudInit.all.files[0]", source: "x.sh" }]);
});

const secret = "a-secret-content";
const good = { path: "/etc/own", content: secret };

test.each<[string, unknown, string, RegExp]>([
  [
    "a path that is none",
    { all: { files: [{ ...good, path: "etc/own" }] } },
    "cloudInit.all.files[0].path",
    /no path/,
  ],
  [
    "a way out",
    { all: { files: [{ ...good, path: "/etc/../own" }] } },
    "cloudInit.all.files[0].path",
    /no path/,
  ],
  [
    "the lab's own file",
    { all: { files: [{ ...good, path: "/etc/hosts" }] } },
    "cloudInit.all.files[0].path",
    /lab's own/,
  ],
  ["no content", { all: { files: [{ path: "/etc/own" }] } }, "cloudInit.all.files[0].content", /neither/],
  [
    "two contents",
    { all: { files: [{ ...good, source: "x" }] } },
    "cloudInit.all.files[0].content",
    /source is given/,
  ],
  [
    "a number for permissions",
    { all: { files: [{ ...good, permissions: 420 }] } },
    "cloudInit.all.files[0].permissions",
    /quote/,
  ],
  [
    "an owner that is none",
    { all: { files: [{ ...good, owner: "Me!" }] } },
    "cloudInit.all.files[0].owner",
    /user/,
  ],
  [
    "an unknown key of a file",
    { all: { files: [{ ...good, mode: "0644" }] } },
    "cloudInit.all.files[0].mode",
    /no such key/,
  ],
  ["an unknown key of a part", { all: { runcmd: [secret] } }, "cloudInit.all.runcmd", /no such key/],
  [
    "the same path twice",
    { all: { files: [good, good] } },
    "cloudInit.all.files[1].path",
    /files\[0\] has the same/,
  ],
  ["an empty command", { masters: { commands: ["true", " "] } }, "cloudInit.masters.commands[1]", /empty/],
  [
    "a command as a list",
    { masters: { commands: [["echo", secret]] } },
    "cloudInit.masters.commands[0]",
    /not a text/,
  ],
  [
    "a package that is none",
    { workers: { packages: ["Htop;"] } },
    "cloudInit.workers.packages[0]",
    /no package/,
  ],
  [
    "another lab's machine",
    { machines: { "kube-node09": {} } },
    "cloudInit.machines.kube-node09",
    /no machine/,
  ],
  ["a word for a part", { all: secret }, "cloudInit.all", /./],
  [
    "too much",
    { all: { files: [{ ...good, content: "x".repeat(600_000) }] } },
    "cloudInit.all.files[0]",
    /KiB/,
  ],
])("refuses %s, without showing a content", (_, cloudInit, key, reason) => {
  const problems = problemsOf({ cloudInit });
  expect(problems.length).toBeGreaterThan(0);
  for (const problem of problems)
    expect(problem).toMatchObject({ key, reason: expect.stringMatching(reason) });
  expect(refusal({ cloudInit })?.message).not.toContain(secret);
});

test("what nobody has opened, as in the stack's file, is a text", () => {
  const sealed = { secure: "AAABAA" };
  expect(
    problemsOf({
      cloudInit: { all: { files: [{ path: "/etc/own", content: sealed }], commands: [sealed] } },
    }),
  ).toEqual([]);
});

test("who only looks at a lab goes on whatever is wrong", () => {
  const { configuration } = usableConfiguration(
    { cloudInit: { all: { files: 3 } } },
    "dev",
    "virtualbox",
    {},
  );
  expect(ownParts(configuration).size).toBe(0);
});

test.each(allRoles)("no file of the lab on a machine of role %s can be replaced", (role) => {
  const plan = exampleLab({
    addons: { headlamp: { enabled: true }, traefik: { enabled: true }, metricsServer: { enabled: true } },
  });
  const machine = firstOf(plan, role);
  const paths = guestFiles(plan, machine, exampleCredentials(plan, machine)).map(({ path }) => path);
  expect(paths.filter((path) => !isLabsPath(path))).toEqual([]);
});
