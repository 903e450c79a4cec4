import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import "../../supply/engine/plugins/tls/reflect";
import { SubjectAlternativeNameExtension, X509CertificateGenerator } from "@peculiar/x509";
import { natNetwork } from "../../plan/fixed-networks";
import { eventually, LabUnderTest } from "../lab/lab-under-test";

jest.setTimeout(15 * 60_000);

/** The computer, as machines reach it. */
const registry = `${natNetwork.gateway}:5443`;
const mirrored = "docker.io/only-mirrored/shop:1";
const hidden = `${registry}/private/shop:1`;
const password = randomBytes(18).toString("base64url");

let lab: LabUnderTest;

describe("images by a mirror, and from a registry with a login and an authority of its own, on a lab that lives", () => {
  const folder = () => join(lab.setUp.project, ".kube-lab", "test", "registry");
  const workers = () => lab.outputs.machines.filter(({ role }) => role === "worker").map(({ name }) => name);
  let server: ChildProcess;

  const pull = (worker: string, image: string) => lab.on(worker, `sudo crictl pull ${image} 2>&1`);
  /** Of every pod of the lab: who it is, and how often its containers began. */
  const lives = async () => {
    const { stdout } = await lab.shell.run(
      workers()[0] ?? "",
      "sudo crictl ps --output json | jq -r '.containers[].id' | sort",
    );
    return stdout.trim().split("\n");
  };

  beforeAll(async () => {
    const one = { count: 1 };
    const small = { loadBalancers: one, masters: one, workers: one, gluster: { count: 0 } };
    lab = await LabUnderTest.create("registries-test", small);
    await lab.up();
    const healthy = async () => (await lab.ailments()).length === 0 || undefined;
    await eventually("a healthy lab", 300_000, healthy);
    await prepare(folder());
    server = await startRegistry(folder());
  });

  afterAll(async () => {
    server?.kill();
    rmSync(folder(), { recursive: true, force: true });
    await lab?.down();
  });

  test("an image comes by a mirror, and one by a login that --secret has, without a container's restart", async () => {
    const before = await lives();
    await expect(pull(workers()[0] ?? "", hidden)).rejects.toThrow(/x509|certificate|resolve/);
    await lab.configure({
      registries: {
        "docker.io": { mirrors: [`https://${registry}`] },
        [registry]: { username: "alice", authority: join(folder(), "authority.pem") },
      },
    });
    setSecret(`kube-lab:registries["${registry}"].password`);
    expect(await lab.stack.text(["preview", "--diff"])).not.toContain(password);
    await lab.up();
    for (const worker of workers()) {
      await pull(worker, mirrored);
      await pull(worker, hidden);
    }
    expect(await lives()).toEqual(before);
    await lab.kubectl.run(["run", "from-registry", `--image=${hidden}`, "--image-pull-policy=Always"]);
    try {
      await lab.kubectl.run(["wait", "--for=condition=Ready", "pod/from-registry", "--timeout=120s"], {
        timeoutMs: 130_000,
      });
    } finally {
      await lab.kubectl.run(["delete", "pod", "from-registry", "--grace-period=1"], { timeoutMs: 60_000 });
    }
    expect(await lab.stack.text(["up", "--yes", "--expect-no-changes"])).not.toMatch(/^\s*[-+~]/m);
  });

  test("the password is in no state, seed, process or log, and root's alone on the machines", async () => {
    const secrets = [password, Buffer.from(`alice:${password}`).toString("base64")];
    const state = filesBelow(join(lab.setUp.project, ".kube-lab")).map((file) =>
      readFileSync(file, "latin1"),
    );
    const processes = execFileSync("ps", ["-e", "-ww", "-o", "args="], { encoding: "latin1" });
    const guests = await Promise.all(
      lab.outputs.machines.map(({ name }) =>
        lab.on(
          name,
          "sudo sh -c 'journalctl --no-pager --output=cat; cat /var/log/cloud-init*.log; ps -e -ww -o args='",
        ),
      ),
    );
    for (const text of [...state, processes, ...guests])
      for (const secret of secrets) expect(text.includes(secret)).toBe(false);
    for (const worker of workers())
      expect(
        await lab.on(
          worker,
          "sudo stat --format %a /etc/containerd/config.toml /usr/local/lib/kube-lab/containerd.toml",
        ),
      ).toBe("600\n600\n");
    for (const name of lab.outputs.machines.filter(({ role }) => role === "gateway").map((each) => each.name))
      await expect(
        lab.on(name, `sudo grep -rF ${secrets[0]} /etc /usr/local/lib/kube-lab`),
      ).rejects.toThrow();
  });

  test("what is taken out of the configuration is gone inside", async () => {
    const before = await lives();
    await lab.configure({ registries: {} });
    await lab.up();
    expect(await lives()).toEqual(before);
    for (const worker of workers()) {
      expect(await lab.on(worker, "sudo find /etc/containerd/certs.d -type f")).toBe("");
      await expect(
        lab.on(worker, `sudo grep -rF ${password} /etc /usr/local/lib/kube-lab`),
      ).rejects.toThrow();
    }
    await expect(pull(workers()[0] ?? "", `${registry}/private/other:1`)).rejects.toThrow();
  });
});

/** The bundle's toolbox, a certificate of its own authority, and who may have it. */
async function prepare(folder: string): Promise<void> {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const archive = join(lab.setUp.bundle, "images", "toolbox.tar");
  execFileSync("tar", ["--extract", "--file", archive, "--directory", folder]);
  const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  const keys = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: "CN=registry",
    keys,
    signingAlgorithm: algorithm,
    extensions: [new SubjectAlternativeNameExtension([{ type: "ip", value: natNetwork.gateway }])],
  });
  const bytes = Buffer.from(await crypto.subtle.exportKey("pkcs8", keys.privateKey)).toString("base64");
  const key = `-----BEGIN PRIVATE KEY-----\n${bytes}\n-----END PRIVATE KEY-----\n`;
  const cert = certificate.toString("pem");
  writeFileSync(join(folder, "authority.pem"), cert);
  writeFileSync(join(folder, "tls.json"), JSON.stringify({ key, cert }), { mode: 0o600 });
  // The test looks for the password in all files of the project.
  const login = `Basic ${Buffer.from(`alice:${password}`).toString("base64")}`;
  writeFileSync("/dev/shm/kube-lab-registry-login.json", JSON.stringify({ private: login }), { mode: 0o600 });
}

/** Where machines reach the computer: VirtualBox's NAT leads to its loopback, the stand-in's has a network of its own. */
async function startRegistry(folder: string): Promise<ChildProcess> {
  const gateway = lab.outputs.machines.find(({ role }) => role === "gateway")?.hypervisorName ?? "";
  const shown = await lab.vboxManage("showvminfo", gateway, "--machinereadable");
  const uuid = /^UUID="([^"]{8})/m.exec(shown)?.[1];
  const namespace = readdirSync("/run/netns").find((name) => name.endsWith(`-${uuid}-nat1`));
  const words = [process.execPath, join(__dirname, "registry.cjs"), folder];
  const [program = "", ...rest] =
    namespace === undefined ? words : ["nsenter", `--net=/run/netns/${namespace}`, ...words];
  const server = spawn(program, rest, { stdio: ["ignore", "pipe", "inherit"] });
  let said = "";
  server.stdout?.on("data", (text: Buffer) => {
    said += text.toString();
  });
  await eventually("the registry", 30_000, async () => (said.includes("listening") ? true : undefined));
  rmSync("/dev/shm/kube-lab-registry-login.json");
  return server;
}

/** As a person does it, by standard input: a word of a command is seen by everybody. */
function setSecret(key: string): void {
  const { pulumi, environment, project } = lab.setUp;
  const file = join(".kube-lab", "test", `Pulumi.${lab.name}.yaml`);
  execFileSync(
    pulumi,
    ["config", "set", "--secret", "--path", key, "--stack", lab.name, "--config-file", file],
    { cwd: project, env: environment, input: password },
  );
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((name) => join(folder, name))
    .filter((file) => statSync(file).isFile() && statSync(file).size < 64 * 1024 * 1024);
}
