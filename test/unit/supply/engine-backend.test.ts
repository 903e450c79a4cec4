import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensureBackend, fileUrl, removeSalt } from "../../../supply/engine/backend";

let project: string;
let home: string;

beforeEach(() => {
  project = mkdtempSync(join(tmpdir(), "kube-lab-backend-"));
  home = join(project, "home");
  mkdirSync(home);
});

afterEach(() => rmSync(project, { recursive: true }));

const stackFile = () => join(project, "Pulumi.dev.yaml");

test("without a login: a file backend and a passphrase for this user's eyes only, made once", async () => {
  const first = await ensureBackend(project, { PULUMI_HOME: home });
  const file = join(project, ".kube-lab", "passphrase");
  expect(first.environment).toEqual({
    PULUMI_BACKEND_URL: `${fileUrl(join(project, ".kube-lab", "state"))}?metadata=skip`,
    PULUMI_DIY_BACKEND_DISABLE_CHECKPOINT_BACKUPS: "true",
    PULUMI_FALLBACK_TO_STATE_SECRETS_MANAGER: "true",
    PULUMI_CONFIG_PASSPHRASE_FILE: file,
  });
  if (process.platform !== "win32") expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(first.summary).toMatch(/^No Pulumi login: .*a generated passphrase/);
  expect(first.summary).not.toContain("\n");
  const passphrase = readFileSync(file, "utf8");
  expect(passphrase.trim()).toHaveLength(32);
  const second = await ensureBackend(project, { PULUMI_HOME: home });
  expect(second.environment).toEqual(first.environment);
  expect(readFileSync(file, "utf8")).toBe(passphrase);
});

test.each([
  [{ PULUMI_BACKEND_URL: "s3://bucket" }, "s3://bucket (PULUMI_BACKEND_URL)"],
  [{ PULUMI_ACCESS_TOKEN: "pul-secret" }, "Pulumi Cloud (PULUMI_ACCESS_TOKEN)"],
])("a backend of the user's own is respected: %p", async (environment, text) => {
  const { environment: set, summary } = await ensureBackend(project, { PULUMI_HOME: home, ...environment });
  expect(set).toEqual({});
  expect(summary).toContain(text);
  expect(summary).not.toContain("pul-secret");
});

test("so is a login", async () => {
  writeFileSync(
    join(home, "credentials.json"),
    JSON.stringify({ current: "file:///srv/state", accounts: {} }),
  );
  expect((await ensureBackend(project, { PULUMI_HOME: home })).summary).toBe(
    "Pulumi's state: file:///srv/state (your login)",
  );
  expect((await ensureBackend(project, { PULUMI_CREDENTIALS_PATH: home })).environment).toEqual({});
  writeFileSync(join(home, "credentials.json"), JSON.stringify({ current: "" }));
  expect((await ensureBackend(project, { PULUMI_HOME: home })).summary).toContain("No Pulumi login");
});

test.each([{ PULUMI_CONFIG_PASSPHRASE: "" }, { PULUMI_CONFIG_PASSPHRASE_FILE: "/secret" }])(
  "and a passphrase: %p",
  async (environment) => {
    const { environment: set } = await ensureBackend(project, { PULUMI_HOME: home, ...environment });
    expect(set).toHaveProperty("PULUMI_BACKEND_URL");
    expect(set).not.toHaveProperty("PULUMI_CONFIG_PASSPHRASE_FILE");
  },
);

test("a new passphrase can't open what another one has locked: a salt from elsewhere goes", async () => {
  writeFileSync(stackFile(), 'encryptionsalt: v1:abc=:v1:def\nconfig:\n  lab:workers: "3"\n');
  await ensureBackend(project, { PULUMI_HOME: home });
  expect(readFileSync(stackFile(), "utf8")).toBe('config:\n  lab:workers: "3"\n');
});

test("the salt goes out of a stack's file, and nothing else does", async () => {
  const content = '# The lab.\nconfig:\n  lab:workers: "3" # three\n';
  writeFileSync(stackFile(), `${content}encryptionsalt: v1:abc=:v1:def\n`);
  expect(await removeSalt(project, "dev")).toBe(true);
  expect(readFileSync(stackFile(), "utf8")).toBe(content);
  expect(await removeSalt(project, "dev")).toBe(false);
  expect(await removeSalt(project, "other")).toBe(false);
});

test("it stays where encrypted values need it", async () => {
  const content = "encryptionsalt: v1:abc\nconfig:\n  lab:token:\n    secure: v1:x\n";
  writeFileSync(stackFile(), content);
  expect(await removeSalt(project, "dev")).toBe(false);
  expect(readFileSync(stackFile(), "utf8")).toBe(content);
});

test("URLs of folders on every system", () => {
  expect(fileUrl("/srv/my lab#1/50%")).toBe("file:///srv/my%20lab%231/50%25");
  expect(fileUrl("C:\\Users\\me\\lab")).toBe("file://C:/Users/me/lab");
});
