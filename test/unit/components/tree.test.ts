import { planCertificates } from "../../../plan/certificates";
import { labOf, planOf } from "./lab-in-test";
import type { Registered } from "./registered";

const rolesOfTypes: Record<string, string[]> = {
  "kube-lab:index:Lab": [
    "kube-lab:index:Pki",
    "kube-lab:index:Secrets",
    "kube-lab:index:Network",
    "kube-lab:index:Image",
    "kube-lab:index:Gateway",
    "kube-lab:index:Releases",
    "kube-lab:index:LoadBalancers",
    "kube-lab:index:Masters",
    "kube-lab:index:Workers",
    "kube-lab:index:Gluster",
    "command:local:Command",
  ],
  "kube-lab:index:Pki": [
    "tls:index/privateKey:PrivateKey",
    "tls:index/certRequest:CertRequest",
    "tls:index/selfSignedCert:SelfSignedCert",
    "tls:index/locallySignedCert:LocallySignedCert",
  ],
  "kube-lab:index:Secrets": ["random:index/randomPassword:RandomPassword"],
  "kube-lab:index:Network": ["command:local:Command"],
  "kube-lab:index:Image": ["command:local:Command"],
  "kube-lab:index:Releases": ["command:local:Command"],
  "kube-lab:index:Gateway": ["kube-lab:index:Machine"],
  "kube-lab:index:LoadBalancers": ["kube-lab:index:Machine"],
  "kube-lab:index:Masters": ["kube-lab:index:Machine"],
  "kube-lab:index:Workers": ["kube-lab:index:Machine"],
  "kube-lab:index:Gluster": ["kube-lab:index:Machine"],
  "kube-lab:index:Machine": ["command:local:Command", "kube-lab:index:Node"],
  "kube-lab:index:Node": ["command:remote:Command", "command:local:Command"],
};

/** The reference lab's tree, once for all tests that only look. */
let resources: Registered[];
beforeAll(async () => {
  ({ resources } = await labOf(planOf()));
});

test("every resource but the lab has a parent, is of a type that belongs there, and is named after it", () => {
  const byName = new Map(resources.map((resource) => [resource.name, resource]));
  const strays = resources
    .filter(({ name }) => name !== "lab")
    .filter(({ name, type, parent }) => {
      const above = byName.get(parent);
      return !above || !rolesOfTypes[above.type]?.includes(type) || !name.startsWith(`${parent}-`);
    });
  expect(strays).toEqual([]);
  expect(resources.filter(({ parent }) => parent === "")).toMatchObject([
    { name: "lab", type: "kube-lab:index:Lab" },
  ]);
});

test("names are unique whatever the type", () => {
  const names = resources.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
});

test("every machine has a seed, hardware and a node, and with Gluster a data disk", () => {
  for (const machine of resources.filter(({ type }) => type === "kube-lab:index:Machine")) {
    const children = resources.filter(({ parent }) => parent === machine.name).map(({ name }) => name);
    const disk = machine.name.startsWith("lab-gluster-") ? ["data-disk"] : [];
    expect(children.sort()).toEqual(
      [...disk, "hardware", "node", "seed"].map((role) => `${machine.name}-${role}`),
    );
  }
});

test("every node but the gateway's can leave, and the machines of its kind know it", () => {
  const leaves = resources.filter(({ name }) => name.endsWith("-node-leave"));
  expect(leaves).toHaveLength(11);
  for (const { inputs } of leaves)
    expect(inputs).toMatchObject({ delete: "node leave", environment: { GROUP: "/kube-lab/dev" } });
  const peersOf = (machine: string) => {
    const leave = leaves.find(({ name }) => name.includes(machine));
    const { secret } = (leave?.inputs.stdin ?? {}) as { secret: string };
    const access = JSON.parse(secret) as { gateway: object; machine: object; peers: { name: string }[] };
    expect(access.gateway).toEqual({
      ...{ name: "gate-node01", address: "127.0.0.1", port: 2222 },
      hostKey: "ssh-ed25519 lab-pki-gate-node01-host-key",
    });
    expect(access.machine).toMatchObject({ name: machine });
    return access.peers.map(({ name }) => name);
  };
  const masters = ["kube-mast01", "kube-mast02", "kube-mast03"];
  expect(peersOf("kube-node02")).toEqual(masters);
  expect(peersOf("kube-mast02")).toEqual(masters);
  expect(peersOf("glus-node01")).toEqual(["glus-node01", "glus-node02", "glus-node03"]);
  expect(peersOf("hapx-node01")).toEqual([]);
});

test("machines are below their roles, in order", () => {
  const machines = resources.filter(({ type }) => type === "kube-lab:index:Machine").map(({ name }) => name);
  expect(machines).toEqual([
    "lab-gateway-gate-node01",
    "lab-load-balancers-hapx-node01",
    "lab-load-balancers-hapx-node02",
    "lab-masters-kube-mast01",
    "lab-masters-kube-mast02",
    "lab-masters-kube-mast03",
    "lab-workers-kube-node01",
    "lab-workers-kube-node02",
    "lab-workers-kube-node03",
    "lab-gluster-glus-node01",
    "lab-gluster-glus-node02",
    "lab-gluster-glus-node03",
  ]);
});

test("every certificate of the plan has a key, a request and a certificate; every machine an SSH host key", () => {
  const plan = planOf();
  const { authorities, certificates } = planCertificates(plan);
  const expected = [
    ...authorities.flatMap(({ name }) => [`${name}-key`, `${name}-certificate`]),
    ...certificates.flatMap(({ name }) => [`${name}-key`, `${name}-request`, `${name}-certificate`]),
    ...plan.machines.map(({ name }) => `${name}-host-key`),
    "user-key",
    "service-account-key",
  ];
  const made = resources.filter(({ parent }) => parent === "lab-pki").map(({ name }) => name);
  expect(made.sort()).toEqual(expected.map((name) => `lab-pki-${name}`).sort());
});

test("keys are ECDSA P-256, SSH's Ed25519; leaves are renewed early", () => {
  const keys = resources.filter(({ type }) => type === "tls:index/privateKey:PrivateKey");
  for (const { name, inputs } of keys) {
    const ssh = name.endsWith("-host-key") || name === "lab-pki-user-key";
    expect(inputs).toEqual(ssh ? { algorithm: "ED25519" } : { algorithm: "ECDSA", ecdsaCurve: "P256" });
  }
  const leaf = resources.find(({ name }) => name === "lab-pki-kube-mast01-apiserver-certificate");
  expect(leaf?.inputs).toMatchObject({ validityPeriodHours: 365 * 24, earlyRenewalHours: 60 * 24 });
  const authority = resources.find(({ name }) => name === "lab-pki-kubernetes-ca-certificate");
  expect(authority?.inputs).toMatchObject({ isCaCertificate: true, validityPeriodHours: 10 * 365 * 24 });
});

test("hardware reads as one property a line", () => {
  const gateway = resources.find(({ name }) => name === "lab-gateway-gate-node01-hardware");
  expect(gateway?.inputs).toMatchObject({
    create: "machine ensure",
    update: "machine ensure",
    delete: "machine absent",
    interpreter: ["node", ".kube-lab/programs/hypervisor.js"],
    logging: "stderr",
    addPreviousOutputInEnv: false,
    environment: {
      HYPERVISOR: "virtualbox",
      GROUP: "/kube-lab/dev",
      MACHINE: "kube-lab-dev-gate-node01",
      INCARNATION: "2026-11-21T04:33:10Z missing",
      IMAGE: "kube-lab-image-0a1b2c3d4e5f",
      CPUS: "1",
      MEMORY_MIB: "512",
      FORWARD_SSH: "127.0.0.1:2222 -> 10.0.2.15:22",
      ADAPTER_2: expect.stringMatching(/^internal kube-lab-dev-mast 08:00:27(:[0-9a-f]{2}){3}$/),
    },
  });
});

test("nodes are reached through the gateway, with host keys known in advance", () => {
  const node = resources.find(({ name }) => name === "lab-workers-kube-node02-node-apply");
  const gateway = { host: "127.0.0.1", port: 2222, hostKey: "ssh-ed25519 lab-pki-gate-node01-host-key" };
  expect(node?.inputs.connection).toMatchObject({
    secret: {
      host: "192.168.2.11",
      port: 22,
      user: "debian",
      hostKey: "ssh-ed25519 lab-pki-kube-node02-host-key",
      proxy: { ...gateway, user: "debian" },
    },
  });
  const direct = resources.find(({ name }) => name === "lab-gateway-gate-node01-node-apply");
  expect(direct?.inputs.connection).toMatchObject({ secret: gateway });
  expect(direct?.inputs.connection).not.toHaveProperty("secret.proxy");
});
