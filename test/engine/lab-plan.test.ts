import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { keptSettings } from "../../plan/config/changes";
import { changesOf, withChanges } from "../unit/plan/changes";
import { selfSigned } from "../unit/plan/self-signed";
import { LabProject, type Step, template } from "./lab-plan/lab-project";
import { SshMachines } from "./lab-plan/ssh-machines";

/** The reference lab through the real CLI, on machines that only seem to be: plan, order, state and secrets, not Kubernetes. */
jest.setTimeout(300_000);

const workers = (count: number) => ({ workers: { count } });
const reference = ["gate-node01", "hapx-node01", "hapx-node02"];
const names = [
  ...reference,
  ...["kube-mast01", "kube-mast02", "kube-mast03"],
  ...["kube-node01", "kube-node02", "kube-node03"],
  ...["glus-node01", "glus-node02", "glus-node03"],
];
const nodeStep = /^lab-.*-node-apply$/;

let project: LabProject;
let machines: SshMachines;
/** All that the CLI has ever printed. */
let printed = "";

beforeAll(async () => {
  project = await LabProject.create();
  machines = await SshMachines.listen(project.records);
  configure({});
  await project.run("stack", "init");
});

afterAll(async () => {
  await machines?.close();
  project?.remove();
});

function configure(values: Record<string, unknown>): void {
  project.configure({ hostAccess: { sshPort: machines.port }, ...values });
}

async function up(): Promise<string> {
  const text = await project.run("up", "--yes", "--skip-preview");
  printed += text;
  return text;
}

/** Verbs and machines of the local commands since the last time this was asked. */
function localCalls(): string[] {
  return project
    .taken()
    .filter(({ verb }) => !verb.startsWith("access"))
    .map(({ verb, environment }) => `${verb} ${environment.MACHINE ?? ""}`.trim());
}

/** Without the components, which only hold others together. */
function custom(steps: Step[]): Step[] {
  return steps.filter(({ name }) =>
    /-(seed|data-disk|hardware|apply|leave|seal|key|certificate|request|host|template|images)$/.test(name),
  );
}

test("the first up makes every machine once and waits for its node", async () => {
  await up();
  expect(
    machines
      .taken()
      .map(({ machine }) => machine)
      .sort(),
  ).toEqual([...names].sort());
  const calls = localCalls();
  for (const verb of ["seed ensure", "machine ensure"])
    expect(calls.filter((call) => call.startsWith(verb)).sort()).toEqual(
      names.map((name) => `${verb} kube-lab-test-${name}`).sort(),
    );
  const gluster = names.filter((name) => name.startsWith("glus-"));
  for (const [disk, machine] of gluster.map((name) => [
    `disk ensure kube-lab-test-${name}`,
    `machine ensure kube-lab-test-${name}`,
  ]))
    expect(calls.indexOf(disk ?? "")).toBeLessThan(calls.indexOf(machine ?? ""));
  const lastStart = calls.findLastIndex((call) => call.startsWith("machine ensure"));
  expect(calls.slice(lastStart + 1)).toEqual(["seed seal"]);
  const ofTheLab = calls.slice(0, lastStart).filter((call) => !call.includes(" kube-lab-test-"));
  expect(ofTheLab.sort()).toEqual(["image ensure", "network ensure", "releases ensure"]);
});

test("a second up and its preview change nothing", async () => {
  expect(await project.preview()).toEqual([]);
  expect(await up()).toMatch(/Resources:\s+\d+ unchanged/);
  expect(localCalls()).toEqual([]);
  expect(machines.taken()).toEqual([]);
});

test("a lab that an earlier version has made, whose components it knew by other types, is the same lab", async () => {
  project.nameTypesAsBefore();
  expect(project.resources().some(({ type }) => type === "lab:index:Masters")).toBe(true);
  expect(await project.preview()).toEqual([]);
  expect(await up()).toMatch(/Resources:\s+\d+ unchanged/);
  expect([localCalls(), machines.taken()]).toEqual([[], []]);
  expect(project.resources().filter(({ urn }) => /(::|\$)lab:index:/.test(urn))).toEqual([]);
});

test("a fourth worker adds its own resources, and the others learn its name", async () => {
  configure(workers(4));
  const steps = custom(await project.preview());
  expect(steps.filter(({ op }) => op === "create").map(({ name }) => name)).toEqual([
    "lab-pki-kube-node04-host-key",
    ...["certificate", "key", "request"].map((part) => `lab-pki-kube-node04-kubelet-${part}`),
    "lab-workers-kube-node04-hardware",
    "lab-workers-kube-node04-node-apply",
    "lab-workers-kube-node04-node-leave",
    "lab-workers-kube-node04-seed",
  ]);
  const others = steps.filter(({ op }) => op !== "create");
  expect(others).toHaveLength(12 + 2);
  expect(others.every(({ op }) => op === "update")).toBe(true);
  expect(others.filter(({ name }) => !nodeStep.test(name)).map(({ name }) => name)).toEqual([
    "lab-network-host",
    "lab-seal",
  ]);

  await up();
  expect(localCalls()).toEqual([
    "network ensure",
    "seed ensure kube-lab-test-kube-node04",
    "machine ensure kube-lab-test-kube-node04",
    "seed seal",
  ]);
  const told = machines.taken().map(({ machine }) => machine);
  expect([...told].sort()).toEqual([...names, "kube-node04"].sort());
  expect(told[0]).toBe("gate-node01");
  for (const role of ["kube-mast", "glus-node", "hapx-node"])
    expect(told.filter((name) => name.startsWith(role))).toEqual(
      names.filter((name) => name.startsWith(role)),
    );
});

test("a worker that goes leaves before its machine is deleted, and the lab is known to be without it", async () => {
  configure(workers(3));
  await up();
  machines.taken();
  expect(localCalls()).toEqual([
    "network ensure",
    "seed seal",
    "node leave kube-lab-test-kube-node04",
    "machine absent kube-lab-test-kube-node04",
    "seed absent kube-lab-test-kube-node04",
  ]);
});

test("more processors change the hardware in place, and the node is waited for again", async () => {
  configure({ gluster: { cpus: 1 } });
  const steps = custom(await project.preview());
  expect(steps.filter(({ name }) => name.endsWith("-hardware")).map(({ op }) => op)).toEqual([
    "update",
    "update",
    "update",
  ]);
  expect(steps.filter(({ name }) => !name.startsWith("lab-gluster-"))).toEqual([]);
  expect(await project.run("preview", "--diff")).toMatch(/CPUS\s*: "2" => "1"/);
  await up();
  // One after the other: each comes back before the next is stopped.
  expect(localCalls()).toEqual(
    ["glus-node01", "glus-node02", "glus-node03"].map((name) => `machine ensure kube-lab-test-${name}`),
  );
  expect(machines.taken().map(({ machine }) => machine)).toEqual([
    "glus-node01",
    "glus-node02",
    "glus-node03",
  ]);
});

test("what is broken inside shows in preview with its reason, and up lets that machine converge again", async () => {
  const fault = "dnsmasq.service is stopped";
  machines.broken.set("gate-node01", fault);
  machines.broken.set("kube-node02", "DaemonSet kube-flannel/kube-flannel-ds is gone");
  expect(custom(await project.preview())).toEqual([
    { op: "update", name: "lab-gateway-gate-node01-node-apply" },
    { op: "update", name: "lab-workers-kube-node02-node-apply" },
  ]);
  expect(await project.run("preview", "--diff")).toContain(`sudo kube-lab apply --because '${fault} (since`);
  await up();
  expect(machines.taken().map(({ machine }) => machine)).toEqual(["gate-node01", "kube-node02"]);
  expect(localCalls()).toEqual([]);
  expect(await project.preview()).toEqual([]);
  // The same fault another day is another reason.
  machines.broken.set("gate-node01", fault);
  expect(custom(await project.preview()).map(({ op }) => op)).toEqual(["update"]);
  await up();
  expect(machines.taken().map(({ machine }) => machine)).toEqual(["gate-node01"]);
});

test("a preview goes on where nobody answers by SSH, and says so", async () => {
  const file = join(project.folder, ".kube-lab/ssh/test/config");
  const config = readFileSync(file, "utf8");
  expect(statSync(file).mode & 0o777).toBe(0o600);
  writeFileSync(file, config.replace(/Port \d+/, "Port 9"));
  expect(await project.run("preview")).toContain("no machine could be asked what is broken inside");
  writeFileSync(file, config);
  expect(await project.run("preview")).not.toContain("could be asked");
});

test("a machine and the template that vanished show in preview, and up brings them back", async () => {
  project.loseMachine("kube-lab-test-kube-mast02");
  project.loseMachine(template);
  const [image, ...steps] = custom(await project.preview());
  expect(image).toEqual({ op: "update", name: "lab-image-template" });
  expect(steps.map(({ name }) => name)).toEqual(
    expect.arrayContaining(["hardware", "seed"].map((role) => `lab-masters-kube-mast02-${role}`)),
  );
  const others = steps.filter(({ name }) => !name.startsWith("lab-masters-kube-mast02-"));
  expect(others.map(({ name }) => name)).toEqual(["lab-seal"]);
  expect(await project.run("preview", "--diff")).toMatch(/INCARNATION\s*: "[^"]+" => "\S+ missing"/);
  await up();
  const calls = ["seed ensure", "machine ensure"].map((verb) => `${verb} kube-lab-test-kube-mast02`);
  expect(localCalls().sort()).toEqual(["image ensure", ...calls, "seed seal"].sort());
  expect(machines.taken().map(({ machine }) => machine)).toEqual(["kube-mast02"]);
  expect(await project.preview()).toEqual([]);
});

test("another image of the same base is for machines that are made: no living one is touched, nor is it made for nothing", async () => {
  project.useTemplate("kube-lab-image-eeeeeeeeeeee");
  expect(await project.preview()).toEqual([]);
  project.loseMachine("kube-lab-test-kube-node03");
  const steps = custom(await project.preview());
  expect(steps[0]).toEqual({ op: "update", name: "lab-image-template" });
  expect(steps.filter(({ name }) => name.endsWith("-hardware"))).toEqual([
    { op: "replace", name: "lab-workers-kube-node03-hardware" },
  ]);
  await up();
  expect(localCalls().filter((call) => call.startsWith("machine "))).toEqual(
    ["absent", "ensure"].map((verb) => `machine ${verb} kube-lab-test-kube-node03`),
  );
  machines.taken();
  expect(await project.preview()).toEqual([]);
});

test("a machine is recreated when a person asks for it, once", async () => {
  project.wishRenewal("kube-lab-test-kube-node01");
  expect(await project.run("preview")).toMatch(/machines and their data:\s+recreates kube-node01$/m);
  const steps = custom(await project.preview());
  expect(steps.filter(({ op }) => op === "replace").map(({ name }) => name)).toEqual(
    ["hardware", "node-apply", "node-leave"].map((part) => `lab-workers-kube-node01-${part}`),
  );
  await up();
  expect(localCalls().filter((call) => call.endsWith("kube-node01"))).toEqual(
    ["seed ensure", "node leave", "machine absent", "machine ensure"].map(
      (verb) => `${verb} kube-lab-test-kube-node01`,
    ),
  );
  machines.taken();
  expect(await project.preview()).toEqual([]);
});

test("masters that are off are not recreated: their cluster's data would go with them", async () => {
  configure({ gluster: { cpus: 1 }, image: { rootDiskGiB: 31 } });
  project.useTemplate("kube-lab-image-ffffffffffff", 31);
  const masters = ["kube-mast01", "kube-mast02", "kube-mast03"];
  for (const name of masters) project.switchOff(`kube-lab-test-${name}`);
  for (const command of [["preview"], ["up", "--yes", "--skip-preview"]])
    await expect(project.run(...command)).rejects.toThrow(
      /kube-mast01, kube-mast02, kube-mast03 would be recreated while off/,
    );
  expect(localCalls()).toEqual([]);
  for (const name of masters) project.switchOn(`kube-lab-test-${name}`);
});

test("an image of another base makes every machine anew: each leaves, goes, comes and joins in its turn", async () => {
  configure({ gluster: { cpus: 1 }, masters: { count: 3 }, image: { rootDiskGiB: 31 } });
  expect(await project.run("preview")).toMatch(
    /recreates glus-node01, glus-node02, glus-node03 \(data disks kept\)$/m,
  );
  const steps = custom(await project.preview());
  expect(steps.filter(({ name, op }) => name.endsWith("-hardware") && op === "replace")).toHaveLength(12);
  await up();
  const remote = machines.taken().filter(({ machine }) => machine.startsWith("kube-mast"));
  expect(remote.map(({ machine }) => machine)).toEqual(["kube-mast01", "kube-mast02", "kube-mast03"]);
  const calls = localCalls();
  expect(calls.filter((call) => /^node leave .*mast/.test(call))).toEqual(
    ["kube-mast01", "kube-mast02", "kube-mast03"].map((name) => `node leave kube-lab-test-${name}`),
  );
  // What recreates machines leaves their data disks alone.
  expect(calls.filter((call) => call.startsWith("disk "))).toEqual([]);
  expect(calls.filter((call) => call.endsWith("kube-mast02"))).toEqual(
    ["seed ensure", "node leave", "machine absent", "machine ensure"].map(
      (verb) => `${verb} kube-lab-test-kube-mast02`,
    ),
  );
  expect(calls.at(-1)).toBe("seed seal");
  expect(await project.preview()).toEqual([]);
});

test("no private key or password is in clear in state, output or what processes show", async () => {
  const outputs = JSON.parse(await project.run("stack", "output", "--json", "--show-secrets")) as {
    privateKeys: Record<string, string>;
    statistics: { password: string };
    kubeconfig: string;
  };
  const clear = await project.run("stack", "export", "--show-secrets");
  // The authorities' keys are no outputs. What was JSON in JSON has several backslashes at each line's end. OpenSSH's form begins
  // with the public key, which certificates have.
  const keys = (clear.match(/-----BEGIN (?!OPENSSH)[A-Z ]*PRIVATE KEY-----.*?-----END/g) ?? []).map((key) =>
    key.replace(/\\+n/g, "\n"),
  );
  const secrets = [...Object.values(outputs.privateKeys), ...keys, outputs.statistics.password];
  expect(secrets.length).toBeGreaterThan(30);
  // A key's first lines are the same for all: its middle is its own.
  const needles = secrets.map((secret) =>
    secret.replace(/\n/g, "\\n").slice(secret.length / 3, secret.length / 3 + 40),
  );
  const places = {
    state: project.everyStateText(),
    output: printed + (await project.run("stack", "output")),
    processes: project.everything(),
  };
  for (const [place, text] of Object.entries(places)) {
    expect(text).not.toMatch(/-----BEGIN [A-Z ]*PRIVATE KEY-----/);
    expect([place, needles.filter((needle) => text.includes(needle)).length]).toEqual([place, 0]);
  }
});

test("every key that is for a new lab only is refused at once, by preview and up, before anything is touched", async () => {
  const changes = changesOf(await selfSigned(true));
  const kept = keptSettings().map(([key]) => key);
  configure(withChanges(kept.map((key) => [key, changes[key] ?? { value: undefined }])));
  for (const command of [["preview"], ["up", "--yes", "--skip-preview"]]) {
    const refusal = await project.run(...command).then(
      () => "nothing was refused",
      ({ message }: Error) => message,
    );
    expect(kept.filter((key) => !refusal.includes(`kube-lab:${key} = `))).toEqual([]);
    expect(refusal).toContain("the lab that lives was made with 10.96.0.0/12: services keep the addresses");
    expect(refusal).toMatch(
      /fix: +pulumi config rm --path kubernetes.serviceSubnet, or a new lab: another stack/,
    );
    expect(refusal).not.toMatch(/PRIVATE KEY| at \S+:\d+:\d+/);
  }
  expect([localCalls(), machines.taken()]).toEqual([[], []]);
});

test("a lab stays on its hypervisor whatever fits the computer today, also where its record or place is lost", async () => {
  configure({ gluster: { cpus: 1 }, masters: { count: 3 }, image: { rootDiskGiB: 31 } });
  project.chooseHypervisor("embedded");
  expect(await project.preview()).toEqual([]);
  project.loseRecord();
  expect(await project.preview()).toEqual([{ op: "update", name: "lab-network-host" }]);
  project.forgetPlace();
  expect(await project.preview()).toEqual([{ op: "update", name: "lab-network-host" }]);
  await up();
  expect(localCalls()).toEqual(["network ensure"]);
  expect(await project.preview()).toEqual([]);
});

test("another release of Kubernetes comes to all images first, then to masters, then to workers, one after another", async () => {
  const to = (version: string, more = {}) =>
    configure({
      ...{ gluster: { cpus: 1 }, masters: { count: 3 }, image: { rootDiskGiB: 31 } },
      kubernetes: { version },
      ...more,
    });
  // Set-up makes no base disk for it: every machine keeps its image.
  to("1.36.9");
  const nodes = names.filter((name) => name.startsWith("kube-"));
  const steps = custom(await project.preview());
  expect(steps.filter(({ op }) => op !== "update")).toEqual([]);
  const ofNode = (name: string) => `lab-${name.includes("mast") ? "masters" : "workers"}-${name}-hardware`;
  expect(steps.flatMap(({ name }) => (/-(hardware|images)$/.test(name) ? [name] : []))).toEqual(
    [...nodes.map(ofNode), "lab-releases-images"].sort(),
  );
  await up();
  const told = machines.taken().map(({ machine }) => machine);
  expect(told.filter((name) => nodes.includes(name))).toEqual(nodes);
  expect(localCalls()[0]).toBe("releases ensure");
  expect(await project.preview()).toEqual([]);
  const bothRefuse = async (reason: RegExp) => {
    for (const words of [["preview"], ["up", "--yes", "--skip-preview"]])
      await expect(project.run(...words)).rejects.toThrow(reason);
  };
  to("1.36.9", workers(4));
  await bothRefuse(/there is no base disk for it \(built, 31 GiB, plain, Kubernetes 1\.36\.9.*npm run up/s);
  to("1.36.3");
  await bothRefuse(/kubernetes.version.*no way back/s);
  expect([localCalls(), machines.taken()]).toEqual([[], []]);
});

test("destroy drains nobody and leaves no machine and no resource", async () => {
  printed += await project.run("destroy", "--yes", "--skip-preview");
  expect(machines.taken()).toEqual([]);
  const calls = localCalls();
  expect(calls.filter((call) => call.startsWith("machine absent"))).toHaveLength(12);
  expect(calls.filter((call) => call.startsWith("node leave"))).toEqual([]);
  for (const name of names.filter((each) => each.startsWith("glus-")))
    expect(calls.indexOf(`machine absent kube-lab-test-${name}`)).toBeLessThan(
      calls.indexOf(`disk absent kube-lab-test-${name}`),
    );
  expect(calls.at(-1)).toBe("network absent");
  expect(project.resources()).toEqual([]);
  expect(existsSync(join(project.folder, ".kube-lab/ssh/test"))).toBe(false);
});
