import { X509Certificate } from "node:crypto";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { run } from "../../lib/run";
import { ensureBackend, removeSalt } from "../../supply/engine/backend";
import { ensureEngine } from "../../supply/engine/engine";
import { type KeyPair, keyPair, SshServer } from "../unit/supply/engine-ssh-server";

/** The stand-in plugins driven by the real CLI: every operation, and what stays in the state. */
jest.setTimeout(300_000);

const repository = join(__dirname, "..", "..");
let project: string;
let environment: NodeJS.ProcessEnv;
let pulumi: string;
let user: KeyPair;
let server: SshServer;
/** Commands that came over SSH, and what they got on standard input. */
const remoteCalls: string[] = [];

beforeAll(async () => {
  const local = join(repository, ".kube-lab");
  mkdirSync(local, { recursive: true });
  // Inside the repository, so that the program finds its packages.
  project = mkdtempSync(join(local, "plugins-test-"));
  cpSync(join(__dirname, "fixtures", "all"), project, { recursive: true });
  const { PULUMI_BACKEND_URL: _url, PULUMI_CONFIG_PASSPHRASE_FILE: _file, ...clean } = process.env;
  const own = { ...clean, PULUMI_CREDENTIALS_PATH: project };
  const engine = await ensureEngine({ project: repository, environment: own, report: () => undefined });
  const backend = await ensureBackend(project, own);
  pulumi = engine.pulumi;
  environment = { ...own, ...engine.environment, ...backend.environment };
  environment.PATH = [...engine.path, process.env.PATH].join(delimiter);
  user = await keyPair();
  const hostKey = await keyPair();
  server = new SshServer(hostKey, { user: "debian", publicKey: user.public }, (command, channel) => {
    let input = "";
    channel.on("data", (data: Buffer) => {
      input += data.toString();
    });
    channel.on("end", () => {
      remoteCalls.push(`${command} < ${input}`);
      channel.write("converged\n");
      channel.exit(0);
      channel.end();
    });
  });
  const port = await server.listen();
  await cli("stack", "init", "dev");
  await cli("config", "set", "marker", join(project, "marker"));
  await cli("config", "set", "port", String(port));
  await cli("config", "set", "hostKey", hostKey.public.trim());
  const file = join(project, "user-key");
  writeFileSync(file, user.private, { mode: 0o600 });
  await run({
    program: "sh",
    arguments: ["-c", '"$0" config set --secret userKey --stack dev < "$1"', pulumi, file],
    folder: project,
    environment,
  });
});

afterAll(async () => {
  await server?.close();
  if (project !== undefined) rmSync(project, { recursive: true });
});

/** What the CLI prints on both its streams when it fails, as it must. */
async function failing(...args: string[]): Promise<string> {
  const joined = ["-c", '"$0" "$@" 2>&1 && exit 1 || exit 0', pulumi, "--non-interactive", ...args];
  return run({ program: "sh", arguments: joined, folder: project, environment, timeoutSeconds: 120 });
}

/** What the CLI prints on both its streams; a failure is an error with the end of it. */
async function cli(...args: string[]): Promise<string> {
  const joined = ["-c", '"$0" "$@" 2>&1', pulumi, "--non-interactive", ...args];
  return run({ program: "sh", arguments: joined, folder: project, environment, timeoutSeconds: 120 });
}

async function outputs(): Promise<Record<string, string>> {
  const args = ["--non-interactive", "stack", "output", "--json", "--show-secrets"];
  const printed = await run({ program: pulumi, arguments: args, folder: project, environment });
  return JSON.parse(printed) as Record<string, string>;
}

const up = () => cli("up", "--yes", "--skip-preview");

test("a preview of nothing yet runs nothing", async () => {
  const text = await cli("preview");
  expect(text).toMatch(/\+ 14 to create/);
  expect(remoteCalls).toEqual([]);
});

test("up makes all, keeps secrets to itself, and results are good", async () => {
  const text = await up();
  expect(text).toMatch(/\+ 14 created/);
  expect(text).not.toMatch(/stdin-secret-4711|files-secret-0815|PRIVATE KEY/);
  expect(remoteCalls).toEqual(["kube-lab apply < files-secret-0815"]);
  const { stdout, quietStdout, applied, leafPem, authorityPem, result } = await outputs();
  expect([stdout, quietStdout, applied]).toEqual(["made 1 17", "fine", "converged"]);
  const authority = new X509Certificate(authorityPem ?? "");
  expect(new X509Certificate(leafPem ?? "").verify(authority.publicKey)).toBe(true);
  expect(result).toMatch(/^[A-Za-z0-9]{24}$/);
});

test("the state has no secret in clear", async () => {
  const { result, hostPrivate } = await outputs();
  const state = readFileSync(
    join(project, ".kube-lab", "state", ".pulumi", "stacks", "plugins", "dev.json"),
    "utf8",
  );
  for (const hidden of ["stdin-secret-4711", "files-secret-0815", "PRIVATE KEY", result, hostPrivate]) {
    expect(state.includes(String(hidden))).toBe(false);
  }
  expect(state).toContain("BEGIN CERTIFICATE");
});

test("nothing changed: nothing to do, before and after a refresh", async () => {
  expect(await cli("preview", "--expect-no-changes")).toMatch(/14 unchanged/);
  expect(await cli("refresh", "--yes", "--skip-preview")).toMatch(/14 unchanged/);
  expect(await cli("preview", "--expect-no-changes")).toMatch(/14 unchanged/);
  expect(remoteCalls).toHaveLength(1);
});

test("a change shows legibly and updates only what it must", async () => {
  await cli("config", "set", "number", "2");
  expect(await cli("preview", "--diff")).toMatch(/NUMBER: "1" => "2"/);
  expect(await up()).toMatch(/~ 1 updated\n\s+13 unchanged/);
  expect((await outputs()).stdout).toBe("updated 2 after made 1 17");
});

test("a changed trigger replaces: create, then delete", async () => {
  await cli("config", "set", "trigger", "second");
  expect(await up()).toMatch(/\+-1 replaced/);
  expect((await outputs()).stdout).toBe("made 2 17");
  expect(readFileSync(join(project, "marker"), "utf8")).toBe("gone ");
});

test("a later time of renewal updates in place, one that has come replaces", async () => {
  await cli("config", "set", "earlyRenewalHours", "100");
  expect(await up()).toMatch(/~ 1 updated/);
  const before = (await outputs()).leafPem;
  await cli("config", "set", "earlyRenewalHours", "8760");
  expect(await up()).toMatch(/\+-1 replaced/);
  expect((await outputs()).leafPem).not.toBe(before);
  await cli("config", "set", "earlyRenewalHours", "1440");
  await up();
});

test("a failing command fails the update with its reason and both streams", async () => {
  await cli("config", "set", "fail", "yes");
  const text = await failing("up", "--yes", "--skip-preview");
  expect(text).toMatch(/exit status 7: running/);
  expect(text).toMatch(/to stdout\n/);
  expect(text).toMatch(/to stderr\n/);
  await cli("config", "rm", "fail");
  expect(await up()).toMatch(/14 unchanged/);
});

test("a stack file with encrypted values keeps its salt", async () => {
  expect(await removeSalt(project, "dev")).toBe(false);
});

test("destroy runs the deletes and leaves nothing", async () => {
  expect(await cli("destroy", "--yes", "--skip-preview")).toMatch(/- 14 deleted/);
  expect(remoteCalls[remoteCalls.length - 1]).toBe("kube-lab leave < files-secret-0815");
  expect(readFileSync(join(project, "marker"), "utf8")).toBe("gone gone ");
  expect(existsSync(join(project, ".kube-lab", "passphrase"))).toBe(true);
});
