import { generateKeyPairSync } from "node:crypto";
import { redactor, secretTexts } from "../../../scripts/diagnose/redaction";

const pem = () =>
  generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({
    type: "sec1",
    format: "pem",
  }) as string;
const [authority, admin, user] = [pem(), pem(), pem()];
const base64 = (text: string) => Buffer.from(text).toString("base64");
const outputs = {
  kubeconfig: `users:\n- user:\n    client-key-data: ${base64(admin)}\n`,
  statistics: { url: "", user: "admin", password: "Correct-Horse-7-Battery" },
};
// A secret's plain text is JSON in the state's JSON.
const state = JSON.stringify({
  plaintext: JSON.stringify(authority),
  resources: [admin, user].map((privateKeyPem) => ({ privateKeyPem })),
});
const redact = redactor(secretTexts(outputs, state));
const body = (key: string) => key.split("\n")[1] ?? "";

describe("nothing is left of", () => {
  test.each([
    ["a private key in a log", `one\n${authority}two`, body(authority)],
    ["a line of one", `Nov 21 kube-mast01 sh[7]: ${body(user)} more`, body(user)],
    ["one in base64, as kubeconfigs have it", `key: ${base64(admin)}`, base64(admin).slice(0, 40)],
    ["one in the middle of JSON", JSON.stringify({ key: authority }), body(authority)],
    ["the password in a configuration", "  stats auth admin:Correct-Horse-7-Battery\n", "Correct"],
    ["the password in an address", "http://admin:Correct-Horse-7-Battery@192.168.4.20/", "Battery"],
    ["a stranger's private key", `x ${pem()}`, "MHcC"],
    ["a stranger's private key that is cut off", pem().slice(0, 120), "MHcC"],
    ["a stranger's in base64", `data: ${base64(pem())}`, "LS0tLS1CRUdJTiB"],
    ["a join token", "kubeadm join --token abcdef.0123456789abcdef now", "abcdef.0123"],
    ["a token of a service account", "got eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJrdWJl.c2lnbmF0dXJl!", "eyJ"],
    ["a header", "Authorization: Bearer 0123456789", "0123456789"],
    ["etcd's cluster token", '"initial-cluster-token":"q8s7d6f5"', "q8s7d6f5"],
  ])("%s", (_, text, secret) => {
    expect(text).toContain(secret);
    expect(redact(text)).not.toContain(secret);
    expect(redact(text)).toContain("[redacted]");
  });
});

test("what is no secret stays", () => {
  const text = `kube-system   coredns-7c65d6cfc9-x8x7z.17f3a4b2c1d0e9f8   Pulled
kube-node01.17f3a4b2c1d0e9f8
-----BEGIN CERTIFICATE-----
${body(authority).replace(/./g, "B")}
-----END CERTIFICATE-----
192.168.4.20:6443 token: short
`;
  expect(redact(text)).toBe(text);
});

test("every secret output is known in each form in which it can be found", () => {
  const known = secretTexts(outputs, state);
  for (const key of [authority, admin, user])
    expect(known).toEqual(expect.arrayContaining([body(key), base64(key), key.split("\n")[2]]));
  expect(known).toContain(outputs.statistics.password);
});
