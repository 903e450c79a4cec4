import "./reflect";
import { createPublicKey, type KeyObject, randomBytes, webcrypto } from "node:crypto";
import { isIP } from "node:net";
import * as x509 from "@peculiar/x509";
import type { PropertyMap, Value } from "../protocol/value";
import { algorithmOf, subjectKeyId } from "./keys";
import { extendedKeyUsages, keyUsages } from "./usages";

x509.cryptoProvider.set(webcrypto);

interface SigningAlgorithm {
  name: string;
  hash: string;
  namedCurve?: string;
}

interface Signer {
  signingKey: webcrypto.CryptoKey;
  signingAlgorithm: SigningAlgorithm;
}

/** Who signs. */
export interface Issuer {
  name: x509.Name;
  key: KeyObject;
  /** The authority's own subject key identifier, for the extension authorityKeyIdentifier. */
  keyId: Buffer | undefined;
}

/** For whom, and with which names. */
export interface CertificateSubject {
  name: x509.Name;
  publicKey: KeyObject;
  alternativeNames: x509.JsonGeneralNames;
}

/** A finished certificate as the resources' computed attributes. */
export interface Certificate {
  id: string;
  certPem: string;
  validityStartTime: string;
  validityEndTime: string;
}

/**
 * Makes a certificate as Go's x509.CreateCertificate does for upstream's template: basicConstraints always there and
 * critical, keyUsage critical, the subject key identifier for authorities or on request, a random serial number of 128 bits.
 */
export async function makeCertificate(
  planned: PropertyMap,
  subject: CertificateSubject,
  issuer: Issuer,
): Promise<Certificate> {
  const isCa = planned.isCaCertificate === true;
  if (isCa && subject.name.toString() === "") {
    throw new Error("Must contain at least one Distinguished Name when creating Certificate Authority (CA)");
  }
  const start = new Date();
  const end = new Date(start.getTime() + Number(planned.validityPeriodHours) * 3_600_000);
  const serial = randomBytes(16);
  const { signingKey, signingAlgorithm } = await importSigningKey(issuer.key);
  const certificate = await x509.X509CertificateGenerator.create({
    // A leading zero byte keeps the number positive.
    serialNumber: `00${serial.toString("hex")}`,
    subject: subject.name,
    issuer: issuer.name,
    notBefore: wholeSeconds(start),
    notAfter: wholeSeconds(end),
    publicKey: new x509.PublicKey(subject.publicKey.export({ type: "spki", format: "der" })),
    signingKey,
    signingAlgorithm,
    extensions: extensions(planned, subject, issuer),
  });
  return {
    id: BigInt(`0x${serial.toString("hex")}`).toString(),
    certPem: pem("CERTIFICATE", certificate.rawData),
    validityStartTime: start.toISOString(),
    validityEndTime: end.toISOString(),
  };
}

/** Makes a request for a certificate. */
export async function makeRequest(
  name: x509.Name,
  alternativeNames: x509.JsonGeneralNames,
  key: KeyObject,
): Promise<{ der: Buffer; certRequestPem: string }> {
  const { signingKey, signingAlgorithm } = await importSigningKey(key);
  const publicKey = await webcrypto.subtle.importKey(
    "spki",
    createPublicKey(key).export({ type: "spki", format: "der" }),
    signingAlgorithm,
    true,
    ["verify"],
  );
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name,
    keys: { privateKey: signingKey, publicKey },
    signingAlgorithm,
    extensions: alternativeNames.length === 0 ? [] : [alternativeNameExtension(name, alternativeNames)],
  });
  return { der: Buffer.from(request.rawData), certRequestPem: pem("CERTIFICATE REQUEST", request.rawData) };
}

/** The names and the key that a request asks for. */
export function parseRequest(text: string): CertificateSubject {
  const request = new x509.Pkcs10CertificateRequest(expectPem(text, "CERTIFICATE REQUEST"));
  const found = request.getExtension("2.5.29.17");
  const names = found instanceof x509.SubjectAlternativeNameExtension ? found.names.toJSON() : [];
  const wanted = names.filter(({ type }) => type === "dns" || type === "ip" || type === "url");
  return {
    name: request.subjectName,
    publicKey: createPublicKey({ key: Buffer.from(request.publicKey.rawData), format: "der", type: "spki" }),
    alternativeNames: wanted,
  };
}

/** An authority's name and key identifier, and whether it may sign certificates at all. */
export function parseAuthority(text: string): { name: x509.Name; keyId: Buffer | undefined; isCa: boolean } {
  const certificate = new x509.X509Certificate(expectPem(text, "CERTIFICATE"));
  const id = certificate.getExtension(x509.SubjectKeyIdentifierExtension)?.keyId;
  return {
    name: certificate.subjectName,
    keyId: id === undefined ? undefined : Buffer.from(id, "hex"),
    isCa: certificate.getExtension(x509.BasicConstraintsExtension)?.ca ?? false,
  };
}

/** The inputs dnsNames, ipAddresses and uris, in Go's order. */
export function alternativeNames(planned: PropertyMap): x509.JsonGeneralNames {
  const addresses = strings(planned.ipAddresses);
  const wrong = addresses.find((address) => isIP(address) === 0);
  if (wrong !== undefined) {
    throw new Error(`Invalid IP address: Failed to parse ${JSON.stringify(wrong)}`);
  }
  return [
    ...strings(planned.dnsNames).map((value) => ({ type: "dns" as const, value })),
    ...addresses.map((value) => ({ type: "ip" as const, value })),
    ...strings(planned.uris).map((value) => ({ type: "url" as const, value })),
  ];
}

function extensions(planned: PropertyMap, subject: CertificateSubject, issuer: Issuer): x509.Extension[] {
  const uses = strings(planned.allowedUses);
  const usage = uses.reduce((bits, use) => bits | (keyUsages[use] ?? 0), 0);
  const extended = uses.flatMap((use) => extendedKeyUsages[use] ?? []);
  const isCa = planned.isCaCertificate === true;
  const pathLength = Number(planned.maxPathLength ?? -1);
  const ownId = isCa || planned.setSubjectKeyId === true ? subjectKeyId(subject.publicKey) : undefined;
  // Zero is what Go takes for "not given".
  const limit = isCa && pathLength > 0 ? pathLength : undefined;
  return [
    ...(usage === 0 ? [] : [new x509.KeyUsagesExtension(usage, true)]),
    ...(extended.length === 0 ? [] : [new x509.ExtendedKeyUsageExtension(extended)]),
    new x509.BasicConstraintsExtension(isCa, limit, true),
    ...(ownId === undefined ? [] : [new x509.SubjectKeyIdentifierExtension(ownId.toString("hex"))]),
    ...authorityKeyId(planned, issuer, ownId),
    ...(subject.alternativeNames.length === 0
      ? []
      : [alternativeNameExtension(subject.name, subject.alternativeNames)]),
  ];
}

function authorityKeyId(
  { setAuthorityKeyId }: PropertyMap,
  issuer: Issuer,
  ownId: Buffer | undefined,
): x509.Extension[] {
  // For a self-signed certificate the issuer has no identifier beforehand, and it's there on request only.
  const id = issuer.keyId ?? (setAuthorityKeyId === true ? ownId : undefined);
  if (id === undefined && setAuthorityKeyId === true) {
    throw new Error("Invalid Certificate Authority: Could not determine Authority Key Identifier");
  }
  return id === undefined ? [] : [new x509.AuthorityKeyIdentifierExtension(id.toString("hex"))];
}

/** Critical if there is no other name (RFC 5280, 4.1.2.6). */
function alternativeNameExtension(name: x509.Name, names: x509.JsonGeneralNames): x509.Extension {
  return new x509.SubjectAlternativeNameExtension(names, name.toString() === "");
}

async function importSigningKey(key: KeyObject): Promise<Signer> {
  const algorithm = signatureAlgorithm(key);
  const der = key.export({ type: "pkcs8", format: "der" });
  const signingKey = await webcrypto.subtle.importKey("pkcs8", der, algorithm, true, ["sign"]);
  return { signingKey, signingAlgorithm: algorithm };
}

/** Go's choice of signature for each kind of key. */
function signatureAlgorithm(key: KeyObject): SigningAlgorithm {
  const curve = key.asymmetricKeyDetails?.namedCurve;
  switch (algorithmOf(key)) {
    case "RSA":
      return { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };
    case "ED25519":
      return { name: "Ed25519", hash: "SHA-512" };
    case "ECDSA":
      switch (curve) {
        case "prime256v1":
          return { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
        case "secp384r1":
          return { name: "ECDSA", namedCurve: "P-384", hash: "SHA-384" };
        case "secp521r1":
          return { name: "ECDSA", namedCurve: "P-521", hash: "SHA-512" };
        default:
          throw new Error(
            `a key on the curve ${curve} can't sign here; set ecdsaCurve to P256, P384 or P521`,
          );
      }
  }
}

function expectPem(text: string, type: string): string {
  const found = /-----BEGIN ([^-]+)-----/.exec(text)?.[1];
  if (found !== type) {
    throw new Error(`invalid PEM type - expected "${type}", got "${found ?? "none"}"`);
  }
  return text;
}

function pem(type: string, der: ArrayBuffer): string {
  const lines =
    Buffer.from(der)
      .toString("base64")
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${type}-----\n${lines.join("\n")}\n-----END ${type}-----\n`;
}

function wholeSeconds(date: Date): Date {
  return new Date(Math.floor(date.getTime() / 1000) * 1000);
}

function strings(value: Value | undefined): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}
