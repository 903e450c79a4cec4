import { createPublicKey, generateKeyPair, type KeyObject } from "node:crypto";
import { promisify } from "node:util";
import { always, type Schema, textOneOf } from "../bridged/attribute";
import { BridgedResource } from "../bridged/resource";
import type { PropertyMap } from "../protocol/value";
import { hashForState, type KeyAlgorithm } from "./keys";
import { opensshForms } from "./openssh";

const curves: Record<string, string> = {
  P224: "secp224r1",
  P256: "prime256v1",
  P384: "secp384r1",
  P521: "secp521r1",
};

const schema: Schema = {
  algorithm: {
    type: "string",
    mode: "required",
    replace: always,
    problem: textOneOf("RSA", "ECDSA", "ED25519"),
  },
  rsaBits: { type: "integer", mode: "optional and computed", default: 2048, replace: always },
  ecdsaCurve: {
    type: "string",
    mode: "optional and computed",
    default: "P224",
    replace: always,
    problem: textOneOf(...Object.keys(curves)),
  },
  privateKeyPem: { type: "string", mode: "computed", secret: true },
  privateKeyOpenssh: { type: "string", mode: "computed", secret: true },
  privateKeyPemPkcs8: { type: "string", mode: "computed", secret: true },
  publicKeyPem: { type: "string", mode: "computed" },
  publicKeyOpenssh: { type: "string", mode: "computed" },
  publicKeyFingerprintMd5: { type: "string", mode: "computed" },
  publicKeyFingerprintSha256: { type: "string", mode: "computed" },
  id: { type: "string", mode: "computed" },
};

/** `tls:index/privateKey:PrivateKey`. */
export const privateKeyResource = new BridgedResource({
  schema,
  schemaVersion: 1,
  async create(planned) {
    const key = await generate(planned);
    const publicKey = createPublicKey(key);
    const id = hashForState(publicKey.export({ type: "spki", format: "der" }));
    const algorithm = planned.algorithm as KeyAlgorithm;
    const pemType = { RSA: "pkcs1", ECDSA: "sec1", ED25519: "pkcs8" } as const;
    return {
      id,
      computed: {
        id,
        privateKeyPem: String(key.export({ type: pemType[algorithm], format: "pem" })),
        privateKeyPemPkcs8: String(key.export({ type: "pkcs8", format: "pem" })),
        publicKeyPem: String(publicKey.export({ type: "spki", format: "pem" })),
        ...opensshForms(key, publicKey),
      },
    };
  },
});

async function generate({ algorithm, rsaBits, ecdsaCurve }: PropertyMap): Promise<KeyObject> {
  const make = promisify(generateKeyPair);
  switch (algorithm as KeyAlgorithm) {
    case "RSA":
      return (await make("rsa", { modulusLength: Number(rsaBits) })).privateKey;
    case "ECDSA":
      return (await make("ec", { namedCurve: curves[String(ecdsaCurve)] ?? "" })).privateKey;
    case "ED25519":
      return (await make("ed25519")).privateKey;
  }
}
