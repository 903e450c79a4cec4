import { readOutputs } from "../../../lab/outputs";

const gateway = { name: "gate-node01", role: "gateway", address: "192.168.1.254", hypervisorName: "gate" };
const outputs = {
  kubeconfig: "apiVersion: v1",
  certificates: { admin: "admin, until 2031-01-01T00:00:00Z" },
  certificatesPem: { admin: "PEM of admin" },
  machines: [gateway],
  privateKeys: { admin: "key" },
  sshConfig: "Host gate-node01\n  HostName 127.0.0.1\n  Port 2222\n  User debian\n",
  sshPrivateKey: "key",
  knownHosts: "[127.0.0.1]:2222,gate-node01 ssh-ed25519 AAAA",
  statistics: { url: "http://127.0.0.1:32700/", user: "admin", password: "secret" },
};

test("certificates are read in PEM", () => {
  expect(readOutputs(outputs)).toMatchObject({
    certificates: { admin: "PEM of admin" },
    access: { host: "127.0.0.1", port: 2222, gateway: "gate-node01" },
  });
});

test("outputs of an earlier version are read until the next update: PEM itself, authorities' keys, machines' states", () => {
  const { certificatesPem, ...rest } = outputs;
  const earlier = {
    ...rest,
    certificates: certificatesPem,
    machines: [{ ...gateway, state: "running" }],
    privateKeys: { ...outputs.privateKeys, "kubernetes-ca": "key" },
  };
  expect(readOutputs(earlier)).toMatchObject({
    certificates: { admin: "PEM of admin" },
    machines: [gateway],
  });
});

test("what is missing is named, with what to do", () => {
  const { kubeconfig, ...rest } = outputs;
  expect(kubeconfig).not.toBe("");
  expect(() => readOutputs(rest)).toThrow(/missing: kubeconfig\). Run: npm run up/);
});
