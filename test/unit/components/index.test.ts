import { load } from "js-yaml";
import type { StackOutputs } from "../../../components/outputs";
import type { Observation } from "../../../hypervisor/reality/observation";
import type { ImageChoice } from "../../../hypervisor/reality/reality";
import type { LabPlan } from "../../../plan/lab-plan";
import { baseDisk, nothingThere, resourceOutputs } from "./lab-in-test";
import { isSecret, known, registered } from "./registered";

jest.mock("../../../components/base-disk", () => ({
  ...jest.requireActual<object>("../../../components/base-disk"),
  baseDiskFor: () => baseDisk,
}));
jest.mock("../../../hypervisor/reality/living-lab", () => ({
  findLab: () => Promise.resolve({ living: {}, incarnation: "2026-11-20T10:00:00Z missing" }),
}));
jest.mock("../../../hypervisor/reality/reality", () => ({
  ...jest.requireActual<object>("../../../hypervisor/reality/reality"),
  observe: (plan: LabPlan, { template }: ImageChoice): Promise<Map<string, Observation>> => {
    expect(template).toBe(baseDisk.template);
    return Promise.resolve(nothingThere(plan));
  },
}));

let outputs: StackOutputs;
beforeAll(async () => {
  const { result } = await registered(async () => {
    const program = require("../../../index") as () => Promise<StackOutputs>;
    return program();
  }, resourceOutputs);
  outputs = result;
});

test("index.ts gives what a person and our commands need", () => {
  expect(Object.keys(outputs).sort()).toEqual([
    "caCertificate",
    "certificates",
    "certificatesPem",
    "hostsFile",
    "knownHosts",
    "kubeconfig",
    "machines",
    "privateKeys",
    "sshConfig",
    "sshPrivateKey",
    "statistics",
    "topology",
  ]);
});

test("the kubeconfig leads to the forwarded port with the person's certificate, and is secret", async () => {
  expect(await isSecret(outputs.kubeconfig)).toBe(true);
  const base64 = (text: string) => Buffer.from(text).toString("base64");
  expect(load(await known(outputs.kubeconfig))).toMatchObject({
    apiVersion: "v1",
    kind: "Config",
    clusters: [
      {
        cluster: {
          server: "https://127.0.0.1:18080",
          "certificate-authority-data": base64("CERTIFICATE(lab-pki-kubernetes-ca-certificate)"),
        },
      },
    ],
    users: [
      {
        user: {
          "client-certificate-data": base64("CERTIFICATE(lab-pki-admin-certificate)"),
          "client-key-data": base64("PRIVATE(lab-pki-admin-key)"),
        },
      },
    ],
  });
});

test("machines are listed with where they are", () => {
  expect(outputs.machines).toContainEqual({
    name: "kube-mast02",
    role: "master",
    address: "192.168.1.11",
    hypervisorName: "kube-lab-dev-kube-mast02",
  });
  expect(outputs.machines).toHaveLength(12);
});

test("ssh finds every machine and knows its key", async () => {
  expect(outputs.sshConfig).toMatch(/^Host gate-node01 /);
  expect(outputs.sshConfig).toContain('IdentityFile ".kube-lab/ssh/dev/id_ed25519"');
  const knownHosts = await known(outputs.knownHosts);
  expect(knownHosts).toContain("[127.0.0.1]:2222 ssh-ed25519 lab-pki-gate-node01-host-key\n");
  expect(knownHosts.trim().split("\n")).toHaveLength(12);
});

test("every certificate is there by name, in short and in PEM, and every key but the authorities'", async () => {
  const pem = await known(outputs.certificatesPem);
  const names = Object.keys(pem);
  expect(Object.keys(outputs.certificates).sort()).toEqual([...names].sort());
  for (const short of Object.values(outputs.certificates))
    expect(await known(short)).toMatch(/^[^\n]{1,110}, until 20\S+Z$/);
  expect(pem.admin).toBe("CERTIFICATE(lab-pki-admin-certificate)");
  expect(names).toEqual(
    expect.arrayContaining(["kubernetes-ca", "etcd-ca", "front-proxy-ca", "admin", "kube-mast03-etcd-peer"]),
  );
  const keys = await known(outputs.privateKeys);
  expect(Object.keys(keys)).toEqual(
    expect.arrayContaining([
      "admin",
      "kube-mast03-etcd-peer",
      "service-account",
      "ssh-user",
      "kube-node01-ssh-host",
    ]),
  );
  expect(Object.keys(keys).filter((name) => name.endsWith("-ca"))).toEqual([]);
});

test("statistics, hosts file and picture", async () => {
  expect(outputs.statistics).toMatchObject({ url: "http://127.0.0.1:32700/", user: "admin" });
  expect(await known(outputs.statistics.password)).toMatch(/^PRIVATE\(lab-secrets-statistics-password\)/);
  expect(outputs.hostsFile).toContain("192.168.4.20 api.kube.local");
  expect(outputs.topology).toMatch(/^flowchart/);
});
