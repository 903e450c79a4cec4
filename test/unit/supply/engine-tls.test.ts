import { execFileSync } from "node:child_process";
import { createPrivateKey, createPublicKey, createSign, createVerify, X509Certificate } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { utils } from "ssh2";
import { type PropertyMap, reveal, unknown } from "../../../supply/engine/plugins/protocol/value";
import { tls } from "../../../supply/engine/plugins/tls/provider";
import { onLinux } from "../../systems";
import { recordingContext } from "./engine-call-context";

function resource(name: string) {
  const found = tls.resources.get(`tls:index/${name[0]?.toLowerCase()}${name.slice(1)}:${name}`);
  if (found === undefined) throw new Error(name);
  return found;
}

/** Checks and creates a resource; its outputs without secret marks. */
async function make(name: string, inputs: PropertyMap) {
  const { inputs: checked, failures } = resource(name).check(inputs);
  expect(failures).toEqual([]);
  const { id, outputs } = await resource(name).create(checked, false, recordingContext().context);
  return { id, outputs, plain: reveal(outputs) as Record<string, string>, checked };
}

const p256 = { algorithm: "ECDSA", ecdsaCurve: "P256" };

async function authority(key: PropertyMap = p256, more: PropertyMap = {}) {
  const privateKey = await make("PrivateKey", key);
  const cert = await make("SelfSignedCert", {
    privateKeyPem: privateKey.plain.privateKeyPem ?? "",
    subject: { commonName: "kubernetes-ca", organization: "Lab Ü", country: "AT" },
    isCaCertificate: true,
    validityPeriodHours: 87600,
    allowedUses: ["digital_signature", "key_encipherment", "cert_signing"],
    ...more,
  });
  return { key: privateKey.plain, cert };
}

async function leaf(
  ca: Awaited<ReturnType<typeof authority>>,
  key: PropertyMap = p256,
  more: PropertyMap = {},
) {
  const privateKey = await make("PrivateKey", key);
  const request = await make("CertRequest", {
    privateKeyPem: privateKey.plain.privateKeyPem ?? "",
    subject: { commonName: "admin", organization: "kubeadm:cluster-admins" },
    dnsNames: ["api.kube.local", "localhost"],
    ipAddresses: ["192.168.4.20", "::1"],
    uris: ["spiffe://lab/admin"],
  });
  const cert = await make("LocallySignedCert", {
    caCertPem: ca.cert.plain.certPem ?? "",
    caPrivateKeyPem: ca.key.privateKeyPem ?? "",
    certRequestPem: request.plain.certRequestPem ?? "",
    validityPeriodHours: 8760,
    allowedUses: ["digital_signature", "server_auth", "client_auth"],
    ...more,
  });
  return { key: privateKey.plain, request, cert };
}

/** Our certificates as other programs see them. */
function openssl(args: string[], files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), "kube-lab-tls-"));
  try {
    for (const [name, content] of Object.entries(files))
      writeFileSync(join(folder, name), content, { mode: 0o600 });
    return execFileSync("openssl", args, {
      cwd: folder,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe.each([
  ["ECDSA P256", p256, "EC PRIVATE KEY", "ecdsa-sha2-nistp256"],
  ["ECDSA P384", { algorithm: "ECDSA", ecdsaCurve: "P384" }, "EC PRIVATE KEY", "ecdsa-sha2-nistp384"],
  ["ECDSA P521", { algorithm: "ECDSA", ecdsaCurve: "P521" }, "EC PRIVATE KEY", "ecdsa-sha2-nistp521"],
  ["ED25519", { algorithm: "ED25519" }, "PRIVATE KEY", "ssh-ed25519"],
  ["RSA", { algorithm: "RSA", rsaBits: 2048 }, "RSA PRIVATE KEY", "ssh-rsa"],
] as const)("a key of kind %s", (_name, inputs, preamble, sshType) => {
  onLinux("has all its forms, of one and the same key", async () => {
    const { plain, id } = await make("PrivateKey", { ...inputs });
    expect(plain.privateKeyPem).toMatch(new RegExp(`^-----BEGIN ${preamble}-----\n`));
    expect(plain.privateKeyPemPkcs8).toMatch(/^-----BEGIN PRIVATE KEY-----\n/);
    const spki = createPublicKey(plain.publicKeyPem ?? "").export({ type: "spki", format: "pem" });
    for (const form of [plain.privateKeyPem, plain.privateKeyPemPkcs8]) {
      expect(createPublicKey(createPrivateKey(form ?? "")).export({ type: "spki", format: "pem" })).toBe(
        spki,
      );
    }
    const parsed = utils.parseKey(plain.privateKeyOpenssh ?? "");
    if (parsed instanceof Error) throw parsed;
    expect(plain.publicKeyOpenssh).toBe(`${sshType} ${parsed.getPublicSSH().toString("base64")}\n`);
    const listing = execFileSync("ssh-keygen", ["-l", "-E", "sha256", "-f", "-"], {
      input: plain.publicKeyOpenssh ?? "",
    });
    expect(listing.toString()).toContain(plain.publicKeyFingerprintSha256);
    expect(plain.publicKeyFingerprintMd5).toMatch(/^([0-9a-f]{2}:){15}[0-9a-f]{2}$/);
    expect(id).toMatch(/^[0-9a-f]{40}$/);
    expect(plain.id).toBe(id);
    expect(plain.__meta).toBe('{"schema_version":"1"}');
  });

  onLinux("is read by OpenSSH itself", async () => {
    const { plain } = await make("PrivateKey", { ...inputs });
    const folder = mkdtempSync(join(tmpdir(), "kube-lab-ssh-"));
    writeFileSync(join(folder, "key"), plain.privateKeyOpenssh ?? "", { mode: 0o600 });
    const shown = execFileSync("ssh-keygen", ["-y", "-f", join(folder, "key")]).toString();
    rmSync(folder, { recursive: true });
    expect(shown.split(" ").slice(0, 2).join(" ").trim()).toBe((plain.publicKeyOpenssh ?? "").trim());
  });

  onLinux("makes an authority whose certificates verify", async () => {
    const ca = await authority({ ...inputs });
    const { cert, key } = await leaf(ca, { ...inputs });
    const parsed = new X509Certificate(cert.plain.certPem ?? "");
    const parent = new X509Certificate(ca.cert.plain.certPem ?? "");
    expect(parsed.verify(parent.publicKey)).toBe(true);
    expect(parsed.checkIssued(parent)).toBe(true);
    expect(parsed.checkPrivateKey(createPrivateKey(key.privateKeyPem ?? ""))).toBe(true);
    const files = { "ca.pem": ca.cert.plain.certPem ?? "", "leaf.pem": cert.plain.certPem ?? "" };
    const verified = openssl(
      ["verify", "-x509_strict", "-purpose", "sslserver", "-CAfile", "ca.pem", "leaf.pem"],
      files,
    );
    expect(verified.trim()).toBe("leaf.pem: OK");
  });
});

onLinux("an authority has critical constraints and usages, and the subject key identifier", async () => {
  const { cert } = await authority();
  const text = openssl(["x509", "-in", "ca.pem", "-noout", "-text"], { "ca.pem": cert.plain.certPem ?? "" });
  expect(text).toContain("X509v3 Basic Constraints: critical\n                CA:TRUE\n");
  expect(text).toContain(
    "X509v3 Key Usage: critical\n                Digital Signature, Key Encipherment, Certificate Sign",
  );
  expect(text).toMatch(/X509v3 Subject Key Identifier: *\n +([0-9A-F]{2}:){19}/);
  expect(text).not.toContain("Authority Key Identifier");
  expect(text).toContain("Subject: C = AT, O = Lab \\C3\\9C, CN = kubernetes-ca");
  const parsed = new X509Certificate(cert.plain.certPem ?? "");
  expect(BigInt(`0x${parsed.serialNumber}`).toString()).toBe(cert.id);
  expect(cert.plain.id).toBe(cert.id);
  expect(new Date(parsed.validFrom).getTime()).toBe(
    Math.floor(Date.parse(cert.plain.validityStartTime ?? "") / 1000) * 1000,
  );
  expect(Date.parse(cert.plain.validityEndTime ?? "") - Date.parse(cert.plain.validityStartTime ?? "")).toBe(
    87600 * 3600_000,
  );
  expect(cert.plain.__meta).toBeUndefined();
});

onLinux("a leaf has the request's names, its own usages and the authority's key identifier", async () => {
  const ca = await authority();
  const { cert } = await leaf(ca);
  const parsed = new X509Certificate(cert.plain.certPem ?? "");
  expect(parsed.subject).toBe("O=kubeadm:cluster-admins\nCN=admin");
  expect(parsed.subjectAltName).toBe(
    "DNS:api.kube.local, DNS:localhost, IP Address:192.168.4.20, IP Address:0:0:0:0:0:0:0:1, URI:spiffe://lab/admin",
  );
  expect(parsed.ca).toBe(false);
  expect(parsed.keyUsage).toEqual(["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"]);
  const text = openssl(["x509", "-in", "leaf.pem", "-noout", "-text"], {
    "leaf.pem": cert.plain.certPem ?? "",
  });
  expect(text).toContain("X509v3 Basic Constraints: critical\n                CA:FALSE");
  expect(text).toMatch(/X509v3 Authority Key Identifier: *\n/);
  expect(cert.plain.caKeyAlgorithm).toBe("ECDSA");
  expect(cert.outputs).toMatchObject({
    readyForRenewal: false,
    earlyRenewalHours: 0,
    isCaCertificate: false,
  });
  expect("maxPathLength" in cert.outputs).toBe(false);
});

test("private keys are secrets in inputs and outputs", async () => {
  const ca = await authority();
  const { cert, request } = await leaf(ca);
  const own = await make("PrivateKey", { algorithm: "ED25519" });
  const all = JSON.stringify([
    ca.cert.checked.subject,
    ...[cert, request, own, ca.cert].map(({ outputs, checked }) =>
      Object.entries({ ...outputs, ...checked }).filter(([, value]) => typeof value === "string"),
    ),
  ]);
  expect(all).not.toContain("PRIVATE KEY");
  expect(all).toContain("BEGIN CERTIFICATE");
});

onLinux("upstream's identifier of the subject's key is the hash of the key alone", async () => {
  const ca = await authority({ algorithm: "RSA", rsaBits: 2048 }, { setAuthorityKeyId: true });
  const text = openssl(
    ["x509", "-in", "ca.pem", "-noout", "-ext", "subjectKeyIdentifier,authorityKeyIdentifier"],
    {
      "ca.pem": ca.cert.plain.certPem ?? "",
    },
  );
  const identifiers = text.match(/([0-9A-F]{2}:){19}[0-9A-F]{2}/g);
  expect(identifiers).toHaveLength(2);
  expect(identifiers?.[0]).toBe(identifiers?.[1]);
});

test("keys sign what their public halves verify", async () => {
  const { plain } = await make("PrivateKey", { ...p256 });
  const signature = createSign("sha256")
    .update("text")
    .sign(plain.privateKeyPemPkcs8 ?? "");
  expect(
    createVerify("sha256")
      .update("text")
      .verify(plain.publicKeyPem ?? "", signature),
  ).toBe(true);
});

test("what can't be is refused with its property", () => {
  const check = (name: string, inputs: PropertyMap) =>
    resource(name)
      .check(inputs)
      .failures.map(({ property }) => property);
  expect(check("PrivateKey", { algorithm: "DSA" })).toEqual(["algorithm"]);
  expect(check("PrivateKey", {})).toEqual(["algorithm"]);
  expect(check("PrivateKey", { algorithm: "RSA", privateKeyPem: "x" })).toEqual(["privateKeyPem"]);
  expect(
    check("SelfSignedCert", { privateKeyPem: "x", validityPeriodHours: -1, allowedUses: ["all"] }),
  ).toEqual(["validityPeriodHours", "allowedUses"]);
  expect(
    check("SelfSignedCert", { privateKeyPem: unknown, validityPeriodHours: unknown, allowedUses: [unknown] }),
  ).toEqual([]);
});

test("an authority without a name, and an address that is none, fail", async () => {
  const key = (await make("PrivateKey", { ...p256 })).plain.privateKeyPem ?? "";
  await expect(
    make("SelfSignedCert", {
      privateKeyPem: key,
      isCaCertificate: true,
      validityPeriodHours: 1,
      allowedUses: [],
    }),
  ).rejects.toThrow("at least one Distinguished Name");
  await expect(make("CertRequest", { privateKeyPem: key, ipAddresses: ["1.2.3"] })).rejects.toThrow(
    'Failed to parse "1.2.3"',
  );
});
