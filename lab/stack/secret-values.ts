import { createDecipheriv, pbkdf2Sync } from "node:crypto";

/** As Pulumi makes a key of a passphrase, and encrypts a value. Source: pulumi, sdk/go/common/resource/config/crypt.go */
const iterations = 1_000_000;
const keyBytes = 32;
const tagBytes = 16;

/** Making a key takes a third of a second. */
const keys = new Map<string, Buffer>();

/**
 * A value of a stack's file with what `pulumi config set --secret` has encrypted in it in clear. What cannot be opened, by this
 * passphrase or at all, stays as it is.
 * @param salt the file's `encryptionsalt`
 */
export function withSecretsOpen(
  value: unknown,
  salt: string | undefined,
  passphrase: () => string | undefined,
): unknown {
  if (Array.isArray(value)) return value.map((item) => withSecretsOpen(item, salt, passphrase));
  if (typeof value !== "object" || value === null) return value;
  if ("secure" in value && typeof value.secure === "string") {
    return opened(value.secure, salt, passphrase()) ?? value;
  }
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, withSecretsOpen(inner, salt, passphrase)]),
  );
}

function opened(text: string, salt: string | undefined, passphrase: string | undefined): string | undefined {
  const [version, nonce = "", sealed = ""] = text.split(":");
  const [saltVersion, saltBytes = ""] = salt?.split(":") ?? [];
  // Of another version, or by a service: its own client alone opens it.
  if (version !== "v1" || saltVersion !== "v1" || passphrase === undefined) return undefined;
  const bytes = Buffer.from(sealed, "base64");
  try {
    const key = keyOf(passphrase, saltBytes);
    const decipher = createDecipheriv("aes-256-gcm", key, Buffer.from(nonce, "base64"));
    decipher.setAuthTag(bytes.subarray(-tagBytes));
    return Buffer.concat([decipher.update(bytes.subarray(0, -tagBytes)), decipher.final()]).toString();
  } catch {
    return undefined;
  }
}

function keyOf(passphrase: string, salt: string): Buffer {
  const name = `${salt} ${passphrase}`;
  const key =
    keys.get(name) ?? pbkdf2Sync(passphrase, Buffer.from(salt, "base64"), iterations, keyBytes, "sha256");
  keys.set(name, key);
  return key;
}
