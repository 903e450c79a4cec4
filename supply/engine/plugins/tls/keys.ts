import { createHash, createPrivateKey, type KeyObject } from "node:crypto";

/** Names of key algorithms as the resources have them. */
export type KeyAlgorithm = "RSA" | "ECDSA" | "ED25519";

/** A private key in PEM, of one of the kinds that the plugin reads. */
export function parsePrivateKey(pem: string): { key: KeyObject; algorithm: KeyAlgorithm } {
  const kind = /^\s*-----BEGIN ([A-Z0-9 ]+)-----/.exec(pem)?.[1];
  if (kind === undefined || !["RSA PRIVATE KEY", "EC PRIVATE KEY", "PRIVATE KEY"].includes(kind)) {
    throw new Error(
      `Failed to parse private key PEM: it must begin with RSA PRIVATE KEY, EC PRIVATE KEY or PRIVATE KEY, not ${kind ?? "without a PEM line"}`,
    );
  }
  const key = createPrivateKey(pem);
  return { key, algorithm: algorithmOf(key) };
}

/** The name of a key's algorithm. */
export function algorithmOf(key: KeyObject): KeyAlgorithm {
  const names: Record<string, KeyAlgorithm> = { rsa: "RSA", ec: "ECDSA", ed25519: "ED25519" };
  const name = names[key.asymmetricKeyType ?? ""];
  if (name === undefined) {
    throw new Error(
      `unsupported private key type: ${key.asymmetricKeyType}; supported are RSA, ECDSA, ED25519`,
    );
  }
  return name;
}

/** SHA-1 of the public key's own encoding, as upstream's generateSubjectKeyID makes it. */
export function subjectKeyId(publicKey: KeyObject): Buffer {
  return createHash("sha1").update(keyBytes(publicKey)).digest();
}

function keyBytes(publicKey: KeyObject): Buffer {
  switch (algorithmOf(publicKey)) {
    case "RSA":
      return publicKey.export({ type: "pkcs1", format: "der" });
    case "ECDSA":
      return uncompressedPoint(publicKey);
    case "ED25519": {
      const raw = Buffer.from(publicKey.export({ format: "jwk" }).x ?? "", "base64url");
      return Buffer.concat([Buffer.from([0x04, raw.length]), raw]);
    }
  }
}

/** 0x04, x, y: the last bytes of the SubjectPublicKeyInfo. */
export function uncompressedPoint(publicKey: KeyObject): Buffer {
  const sizes: Record<string, number> = { secp224r1: 28, prime256v1: 32, secp384r1: 48, secp521r1: 66 };
  const size = sizes[publicKey.asymmetricKeyDetails?.namedCurve ?? ""];
  if (size === undefined) {
    throw new Error(`unsupported curve ${publicKey.asymmetricKeyDetails?.namedCurve}`);
  }
  return publicKey.export({ type: "spki", format: "der" }).subarray(-(1 + 2 * size));
}

/** SHA-1 in hexadecimal: upstream's ids of keys and requests. */
export function hashForState(der: Buffer): string {
  return createHash("sha1").update(der).digest("hex");
}
