import { createHash } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { compareVersions } from "../../../lib/version";
import { archiveName, verify } from "../../../supply/engine/download";
import { ensureEngine } from "../../../supply/engine/engine";
import { standIns } from "../../../supply/engine/stand-ins";
import { onPosix } from "../../systems";

const repository = join(__dirname, "..", "..", "..");
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "kube-lab-engine-"));
});

afterEach(() => rmSync(folder, { recursive: true }));

function program(directory: string, name: string, script: string): void {
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, name), `#!/bin/sh\n${script}\n`);
  chmodSync(join(directory, name), 0o755);
}

/** A computer with nothing on PATH but what the test puts into `bin`. */
function environment(): NodeJS.ProcessEnv {
  return {
    PATH: [join(folder, "bin"), "/usr/bin", "/bin"].join(delimiter),
    PULUMI_HOME: join(folder, "home"),
    KUBE_LAB_CACHE: join(folder, "cache"),
  };
}

function ensure(reachable: boolean, lines: string[] = []) {
  return ensureEngine({
    project: folder,
    environment: environment(),
    report: (line) => lines.push(line),
    reachable: async () => reachable,
  });
}

function installRealPlugins(): void {
  for (const { name, version } of standIns)
    mkdirSync(join(folder, "home", "plugins", `resource-${name}-v${version}`), { recursive: true });
}

function makeModuleFolders(): void {
  for (const name of ["cli", "nodejs-host"]) {
    mkdirSync(join(folder, "supply", "engine", "modules", name), { recursive: true });
  }
}

onPosix("a recent CLI on PATH with the real plugins is used as it is", async () => {
  program(join(folder, "bin"), "pulumi", "echo v3.231.0");
  program(join(folder, "bin"), "pulumi-language-nodejs", "");
  installRealPlugins();
  const engine = await ensure(false);
  expect(engine).toMatchObject({ pulumi: join(folder, "bin", "pulumi"), standIns: false });
  expect(engine.environment.PULUMI_HOME).toBeUndefined();
  expect(engine.summary).toContain("3.231.0, the one on PATH");
});

onPosix("missing plugins are installed where they can be downloaded", async () => {
  program(
    join(folder, "bin"),
    "pulumi",
    `[ "$1" = version ] && echo v3.231.0 || echo "$@" >> ${join(folder, "calls")}`,
  );
  program(join(folder, "bin"), "pulumi-language-nodejs", "");
  expect((await ensure(true)).standIns).toBe(false);
  const calls = readFileSync(join(folder, "calls"), "utf8").trim().split("\n");
  expect(calls).toEqual(
    standIns.map(({ name, version }) => `plugin install resource ${name} v${version} --non-interactive`),
  );
});

onPosix(
  "where they can't be, the stand-ins get a home of their own, and the login stays the user's",
  async () => {
    program(join(folder, "bin"), "pulumi", "echo v3.231.0");
    program(join(folder, "bin"), "pulumi-language-nodejs", "");
    const engine = await ensureEngine({
      project: repository,
      environment: environment(),
      report: () => undefined,
      reachable: async () => false,
    });
    expect(engine.standIns).toBe(true);
    expect(engine.environment).toMatchObject({
      PULUMI_HOME: join(repository, ".kube-lab", "pulumi-home"),
      PULUMI_CREDENTIALS_PATH: join(folder, "home"),
    });
    expect(engine.summary).toContain("stand-ins");
    for (const { name, version } of standIns) {
      const launcher = join(
        repository,
        ".kube-lab",
        "pulumi-home",
        "plugins",
        `resource-${name}-v${version}`,
        `pulumi-resource-${name}`,
      );
      expect(existsSync(launcher)).toBe(true);
    }
    expect(existsSync(join(folder, "home"))).toBe(false);
  },
);

onPosix("an old CLI is passed over, and without Go the error says what to install", async () => {
  program(join(folder, "bin"), "pulumi", "echo v3.100.0");
  program(join(folder, "bin"), "go", "echo go1.19");
  await expect(ensure(false)).rejects.toThrow(
    /go1\.19.*too old.*Install Go 1\.25\.11 or newer.*or the Pulumi CLI/s,
  );
  expect(existsSync(join(folder, "cache", "engine"))).toBe(true);
});

onPosix("a build that fails leaves nothing that looks finished, and says the end of its log", async () => {
  program(
    join(folder, "bin"),
    "go",
    '[ "$1" = env ] && echo go1.26.0 && exit 0; echo "no space left" >&2; exit 1',
  );
  makeModuleFolders();
  const lines: string[] = [];
  await expect(ensure(false, lines)).rejects.toThrow(/exit status 1\nno space left/);
  expect(lines[0]).toMatch(/^engine: downloading the Go modules of pulumi-language-nodejs .* …$/);
  await expect(ensure(false)).rejects.toThrow("no space left");
});

onPosix("a build is done once and then found", async () => {
  const go = `case "$1" in env) echo go1.26.0;; list) echo a;; build) while [ "$1" != -o ]; do shift; done; echo built >> ${join(folder, "builds")}; printf '#!/bin/sh\\necho v3.250.0\\n' > "$2"; chmod +x "$2";; esac`;
  program(join(folder, "bin"), "go", go);
  makeModuleFolders();
  installRealPlugins();
  const [first, second] = await Promise.all([ensure(false), ensure(false)]);
  expect(second?.pulumi).toBe(first?.pulumi);
  expect((await ensure(false)).summary).toContain("built from Go modules");
  expect(readFileSync(join(folder, "builds"), "utf8").trim().split("\n")).toHaveLength(2);
});

test("archives have the release's names, and are checked", () => {
  expect(archiveName("linux", "x64")).toMatch(/^pulumi-v3\.\d+\.\d+-linux-x64\.tar\.gz$/);
  expect(archiveName("win32", "arm64")).toMatch(/windows-arm64\.zip$/);
  expect(() => archiveName("freebsd", "x64")).toThrow("freebsd");
  const content = Buffer.from("archive");
  const sum = createHash("sha256").update(content).digest("hex");
  expect(() => verify("a.tar.gz", content, `${"0".repeat(64)}  b.tar.gz\n${sum}  a.tar.gz\n`)).not.toThrow();
  expect(() => verify("b.tar.gz", content, `${"0".repeat(64)}  b.tar.gz\n`)).toThrow(sum);
  expect(() => verify("c.tar.gz", content, "")).toThrow("nothing about it");
});

test("the stand-ins have the versions of the packages in package.json", () => {
  const { dependencies } = JSON.parse(readFileSync(join(repository, "package.json"), "utf8"));
  for (const { name, version } of standIns) expect(dependencies[`@pulumi/${name}`]).toBe(version);
});

test("versions compare by number", () => {
  expect(compareVersions("v3.9.0", "3.10.0")).toBeLessThan(0);
  expect(compareVersions("go1.26.8 X:nocoverageredesign", "1.25.11")).toBeGreaterThan(0);
  expect(compareVersions("3.250.0-dev", "v3.250")).toBe(0);
});
