import { execFileSync } from "node:child_process";
import path from "node:path";
import { pathToFileURL } from "node:url";
import {
  posixEnvironment,
  powerShellEnvironment,
  readPosixEnvironment,
} from "../../../scripts/set-up/environment-file";
import { packageProgram } from "../../../scripts/test/package-program";
import { readEnvironment, whatNow } from "../../../scripts/up/what-now";
import { planOf } from "../components/lab-in-test";

const project = path.join(__dirname, "..", "..", "..");

describe("npm without a shell", () => {
  /** What the plain script, which jest cannot load, says of a computer with these files. */
  function npmProgram(
    execPath: string,
    environment: NodeJS.ProcessEnv,
    files: string[],
  ): string[] | undefined {
    const script = `
      import { npmProgram } from ${JSON.stringify(pathToFileURL(path.join(project, "lib", "npm-program.mjs")).href)};
      const [execPath, environment, files] = JSON.parse(process.argv[1]);
      const found = npmProgram({ execPath, environment, exists: (file) => files.includes(file.replaceAll("\\\\\\\\", "/")) });
      console.log(JSON.stringify(found ?? null));`;
    const given = JSON.stringify([execPath, environment, files]);
    const output = execFileSync(process.execPath, ["--input-type=module", "-e", script, given], {
      encoding: "utf8",
    });
    return JSON.parse(output) ?? undefined;
  }

  it.each([
    ["npm's own word", { npm_execpath: "/opt/npm/bin/npm-cli.js" }, "/opt/npm/bin/npm-cli.js"],
    ["beside node, as on Windows", {}, "/programs/nodejs/node_modules/npm/bin/npm-cli.js"],
    ["below lib, as elsewhere", {}, "/programs/lib/node_modules/npm/bin/npm-cli.js"],
    ["Debian's package", {}, "/usr/share/nodejs/npm/bin/npm-cli.js"],
  ])("is a script for Node.js: %s", (_where, environment, file) => {
    const [node, script] = npmProgram("/programs/nodejs/node", environment, [file]) ?? [];
    expect([node, script?.replaceAll("\\", "/")]).toEqual(["/programs/nodejs/node", file]);
  });

  it("is never another package manager, and may be missing", () => {
    const yarn = "/usr/share/yarn/bin/yarn.js";
    expect(npmProgram("/usr/bin/node", { npm_execpath: yarn }, [yarn])).toBeUndefined();
  });
});

it("finds the scripts of packages, which .bin hides behind batch files on Windows", () => {
  for (const [name, program] of [
    ["@biomejs/biome", "biome"],
    ["typescript", "tsc"],
    ["jest", "jest"],
  ] as const) {
    const output = execFileSync(process.execPath, [packageProgram(name, program, project), "--version"]);
    expect(output.toString()).toMatch(/\d+\.\d+\.\d+/);
  }
  expect(() => packageProgram("jest", "jester", project)).toThrow(/has no program jester/);
});

describe("the environment for a person's shell", () => {
  const environment = { variables: { PULUMI_HOME: "C:\\it's mine\\$x" }, path: ["C:\\a b", "D:\\c"] };

  it("is quoted for PowerShell, with its line ends and its mark of UTF-8", () => {
    expect(powerShellEnvironment(environment)).toBe(
      "\uFEFF$env:PULUMI_HOME = 'C:\\it''s mine\\$x'\r\n$env:PATH = 'C:\\a b;D:\\c;' + $env:PATH\r\n",
    );
  });

  it("is read back out of the POSIX file", () => {
    const text = posixEnvironment(environment);
    expect(text).toContain(`export PATH='C:\\a b':'D:\\c':"$PATH"`);
    expect(readPosixEnvironment(text)).toEqual(environment.variables);
    expect(readPosixEnvironment("")).toEqual({});
  });
});

it.each([
  ["linux", "export KUBECONFIG=$PWD/.kube-lab/dev.kubeconfig", ".kube-lab/ssh/dev/config", "environment.sh"],
  ["darwin", "export KUBECONFIG=$PWD/.kube-lab/dev.kubeconfig", ".kube-lab/ssh/dev/config", "environment.sh"],
  [
    "win32",
    '$env:KUBECONFIG = "$PWD\\.kube-lab\\dev.kubeconfig"',
    ".kube-lab\\ssh\\dev\\config",
    "environment.ps1",
  ],
] as const)("says on %s how the lab is used", (platform, kubeconfig, config, environment) => {
  const text = whatNow(
    { kubeconfig: ".kube-lab/dev.kubeconfig", sshConfig: ".kube-lab/ssh/dev/config" },
    planOf().machines,
    platform,
  );
  expect(text).toContain("  masters         3: kube-mast01 192.168.1.10 to kube-mast03 192.168.1.12\n");
  expect(text.split("\n").length).toBeLessThanOrEqual(20);
  expect(Math.max(...text.split("\n").map((line) => line.length))).toBeLessThanOrEqual(120);
  expect(text).toContain(`  ${kubeconfig}\n`);
  expect(text).toContain(`ssh -F ${config} kube-mast01`);
  expect(readEnvironment(platform)).toContain(environment);
});
