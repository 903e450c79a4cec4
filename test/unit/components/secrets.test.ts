import { deliveredFiles, deliveryIn } from "../../delivered-files";
import { labOf, planOf } from "./lab-in-test";
import { isSecret, known, type Registered } from "./registered";

let resources: Registered[];
let outputs: Awaited<ReturnType<typeof labOf>>["outputs"];
beforeAll(async () => {
  ({ resources, outputs } = await labOf(planOf()));
});

/** Everything of a resource's inputs that would lie open. */
function open(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(open);
  if (typeof value !== "object" || value === null) return value;
  if ("secret" in value) return "[secret]";
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, open(inner)]));
}

/** All that a seed or a node gives its machine, in clear. */
function given({ inputs }: Registered): string {
  const { secret } = inputs.stdin as { secret: string };
  const seed = secret.startsWith("{") ? (JSON.parse(secret) as { userData: string }) : undefined;
  const files = deliveredFiles(seed === undefined ? secret : deliveryIn(seed.userData));
  return [...files.values(), ...Object.values(seed ?? {})].join("\n");
}

test("no key, token or password lies open in any resource's inputs", () => {
  const leaking = resources.filter(({ inputs }) => JSON.stringify(open(inputs)).includes("PRIVATE"));
  expect(leaking.map(({ name }) => name)).toEqual([]);
});

test("private keys do arrive where they must, as secrets on standard input", () => {
  const stdin = (name: string) => resources.filter((resource) => resource.name === name).map(given)[0];
  for (const name of ["lab-masters-kube-mast01-seed", "lab-masters-kube-mast01-node-apply"]) {
    expect(stdin(name)).toContain("PRIVATE(lab-pki-kubernetes-ca-key)");
    expect(stdin(name)).toContain("PRIVATE(lab-pki-kube-mast01-host-key)");
    expect(stdin(name)).toContain("PRIVATE(lab-pki-service-account-key)");
  }
  expect(stdin("lab-load-balancers-hapx-node01-node-apply")).toContain(
    "PRIVATE(lab-secrets-statistics-password)",
  );
});

test("a machine gets nobody else's keys, and only masters those of the authorities", () => {
  const allowed: [RegExp, (machine: string) => RegExp][] = [
    [
      /masters/,
      (machine) =>
        new RegExp(
          `^lab-(pki-(${machine}-|masters-|.*-ca-key|service-account-key)|secrets-(etcd|encryption))`,
        ),
    ],
    [/workers/, (machine) => new RegExp(`^lab-pki-${machine}-(host|kubelet)-key`)],
    [
      /load-balancers/,
      (machine) => new RegExp(`^lab-(pki-${machine}-host-key|secrets-(corosync|statistics))`),
    ],
    [/gluster|gateway/, (machine) => new RegExp(`^lab-pki-${machine}-host-key`)],
  ];
  const commands = resources.filter(({ name }) => /-(seed|apply)$/.test(name));
  expect(commands).toHaveLength(24);
  for (const command of commands) {
    const { name } = command;
    const machine = /(?:gate|hapx|kube|glus)-(?:node|mast)\d\d/.exec(name)?.[0] ?? "";
    const may = allowed.find(([role]) => role.test(name))?.[1](machine) ?? /^$/;
    const plain = given(command);
    const found = [...plain.matchAll(/PRIVATE\(([^)]*)\)/g)].map(([, key]) => key ?? "");
    expect(found.filter((key) => !may.test(key))).toEqual([]);
  }
});

test("what cloudInit gives to a machine is its alone, and secret", async () => {
  const from = { content: "PRIVATE(own)" };
  const file = { key: "k", path: "/etc/own", permissions: "0600", owner: "root:root", from };
  const part = { files: [file], commands: [{ key: "c", command: "PRIVATE(command)" }], packages: [] };
  const own = new Map([["kube-node02", { part, sources: new Map() }]]);
  const lab = await labOf(planOf(), { own });
  const encoded = Buffer.from(from.content).toString("base64");
  expect(
    lab.resources.filter(({ inputs }) => /PRIVATE|own\.json/.test(JSON.stringify(open(inputs)))),
  ).toEqual([]);
  const holders = lab.resources
    .filter(({ name }) => /-(seed|apply)$/.test(name))
    .filter((command) => given(command).includes(encoded) && given(command).includes("PRIVATE(command)"));
  expect(holders.map(({ name }) => name)).toEqual([
    "lab-workers-kube-node02-seed",
    "lab-workers-kube-node02-node-apply",
  ]);
});

test("a registry's password is masters' and workers' alone, and secret", async () => {
  const login = { username: "alice", password: "PRIVATE(registry)" };
  const registries = [{ host: "registry.example", mirrors: [], insecure: false, login }];
  const lab = await labOf(planOf(), { outside: { authorities: [], registries } });
  expect(lab.resources.filter(({ inputs }) => /PRIVATE/.test(JSON.stringify(open(inputs))))).toEqual([]);
  const holders = lab.resources
    .filter(({ name }) => /-(seed|apply)$/.test(name))
    .filter((command) => given(command).includes(login.password));
  expect(holders).toHaveLength(12);
  for (const { name } of holders) expect(name).toMatch(/^lab-(masters|workers)-/);
});

test("the outputs keep secrets secret and public parts public", async () => {
  for (const output of [
    outputs.kubeconfig,
    outputs.privateKeys,
    outputs.certificatesPem,
    outputs.sshPrivateKey,
    outputs.statistics.password,
  ])
    expect(await isSecret(output)).toBe(true);
  for (const output of [outputs.caCertificate, outputs.knownHosts, ...Object.values(outputs.certificates)]) {
    expect(await isSecret(output)).toBe(false);
    expect(await known(output)).not.toContain("PRIVATE");
  }
});

test("a dashboard's login is a secret output and the masters' alone; where there is none, none is made", async () => {
  const withDashboard = await labOf(planOf({ addons: { headlamp: { enabled: true } } }));
  const { dashboard } = withDashboard.outputs;
  if (dashboard === undefined) throw new Error("no output dashboard");
  expect(dashboard.url).toBe("http://127.0.0.1:4466/");
  expect(await isSecret(dashboard.token)).toBe(true);
  expect(await known(dashboard.token)).toMatch(/^PRIVATE.*token-id.*\.PRIVATE.*token-secret/);
  const holders = withDashboard.resources
    .filter(({ name }) => /-(seed|apply)$/.test(name))
    .filter((command) => given(command).includes("PRIVATE(lab-secrets-dashboard-token-secret)"));
  expect(holders).toHaveLength(6);
  for (const { name } of holders) expect(name).toMatch(/^lab-masters-/);

  expect(outputs).not.toHaveProperty("dashboard");
  expect(resources.filter(({ name }) => name.includes("dashboard"))).toEqual([]);
});
