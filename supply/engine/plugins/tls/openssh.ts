import { createHash, type KeyObject, randomBytes } from "node:crypto";
import { algorithmOf, uncompressedPoint } from "./keys";

/** The forms that SSH programs read; all empty for P-224, which SSH does not know. */
export interface OpensshForms {
  privateKeyOpenssh: string;
  publicKeyOpenssh: string;
  publicKeyFingerprintMd5: string;
  publicKeyFingerprintSha256: string;
}

const curves: Record<string, string> = {
  prime256v1: "nistp256",
  secp384r1: "nistp384",
  secp521r1: "nistp521",
};

/**
 * A key pair in OpenSSH's own formats (openssh PROTOCOL.key, RFC 4253 section 6.6, RFC 5656, RFC 8709). Not by sshpk: its last release,
 * 1.18.0, is years old, and it brings nine packages with arithmetic of their own for what node:crypto has computed already.
 */
export function opensshForms(privateKey: KeyObject, publicKey: KeyObject): OpensshForms {
  if (algorithmOf(privateKey) === "ECDSA" && sshCurve(publicKey) === undefined) {
    return {
      privateKeyOpenssh: "",
      publicKeyOpenssh: "",
      publicKeyFingerprintMd5: "",
      publicKeyFingerprintSha256: "",
    };
  }
  const blob = publicBlob(publicKey);
  const md5 = createHash("md5").update(blob).digest("hex");
  const sha256 = createHash("sha256").update(blob).digest("base64");
  return {
    privateKeyOpenssh: privateFile(privateKey, blob),
    publicKeyOpenssh: `${sshType(publicKey)} ${blob.toString("base64")}\n`,
    publicKeyFingerprintMd5: md5.replace(/(..)(?=.)/g, "$1:"),
    publicKeyFingerprintSha256: `SHA256:${sha256.replace(/=+$/, "")}`,
  };
}

function sshCurve(publicKey: KeyObject): string | undefined {
  return curves[publicKey.asymmetricKeyDetails?.namedCurve ?? ""];
}

function sshType(publicKey: KeyObject): string {
  switch (algorithmOf(publicKey)) {
    case "RSA":
      return "ssh-rsa";
    case "ECDSA":
      return `ecdsa-sha2-${sshCurve(publicKey)}`;
    case "ED25519":
      return "ssh-ed25519";
  }
}

function publicBlob(publicKey: KeyObject): Buffer {
  return Buffer.concat([text(sshType(publicKey)), ...publicFields(publicKey)]);
}

function publicFields(publicKey: KeyObject): Buffer[] {
  const jwk = publicKey.export({ format: "jwk" });
  switch (algorithmOf(publicKey)) {
    case "RSA":
      return [number(jwk.e), number(jwk.n)];
    case "ECDSA":
      return [text(sshCurve(publicKey) ?? ""), bytes(uncompressedPoint(publicKey))];
    case "ED25519":
      return [bytes(decode(jwk.x))];
  }
}

function privateFields(privateKey: KeyObject, blob: Buffer): Buffer[] {
  const jwk = privateKey.export({ format: "jwk" });
  switch (algorithmOf(privateKey)) {
    case "RSA":
      // Here, unlike in the public key, n comes before e.
      return [
        text("ssh-rsa"),
        number(jwk.n),
        number(jwk.e),
        number(jwk.d),
        number(jwk.qi),
        number(jwk.p),
        number(jwk.q),
      ];
    case "ECDSA":
      return [blob, number(jwk.d)];
    case "ED25519":
      return [blob, bytes(Buffer.concat([decode(jwk.d), decode(jwk.x)]))];
  }
}

function privateFile(privateKey: KeyObject, blob: Buffer): string {
  const check = randomBytes(4);
  const fields = Buffer.concat([check, check, ...privateFields(privateKey, blob), text("")]);
  // Padding 1, 2, 3 … up to the cipher's block size, which is 8 for none.
  const padding = Buffer.from(Array.from({ length: (8 - (fields.length % 8)) % 8 }, (_, index) => index + 1));
  const file = Buffer.concat([
    Buffer.from("openssh-key-v1\0"),
    text("none"),
    text("none"),
    text(""),
    uint32(1),
    bytes(blob),
    bytes(Buffer.concat([fields, padding])),
  ]);
  const lines = file.toString("base64").match(/.{1,64}/g) ?? [];
  return `-----BEGIN OPENSSH PRIVATE KEY-----\n${lines.join("\n")}\n-----END OPENSSH PRIVATE KEY-----\n`;
}

function decode(base64url: string | undefined): Buffer {
  return Buffer.from(base64url ?? "", "base64url");
}

function uint32(value: number): Buffer {
  const buffer = Buffer.alloc(4);
  buffer.writeUInt32BE(value);
  return buffer;
}

function bytes(value: Buffer): Buffer {
  return Buffer.concat([uint32(value.length), value]);
}

function text(value: string): Buffer {
  return bytes(Buffer.from(value));
}

/** An mpint: no leading zeros, but one where the first bit would read as a sign. */
function number(base64url: string | undefined): Buffer {
  let value = decode(base64url);
  while (value[0] === 0) {
    value = value.subarray(1);
  }
  return bytes((value[0] ?? 0) & 0x80 ? Buffer.concat([Buffer.from([0]), value]) : value);
}
