import { createCipheriv, createDecipheriv, randomBytes, scryptSync } from "node:crypto";
import { readFileSync } from "node:fs";

/**
 * A backup's file: one line in clear that says what it is and how its key is made, then what is encrypted, then the tag that shows
 * any change of either. scrypt makes the key out of a passphrase, AES-256-GCM encrypts.
 */
const magic = "kube-lab backup 1 ";
const tagBytes = 16;
/** 128 × N × r bytes are needed: 64 MiB, a fifth of a second. Source: RFC 7914. */
const scrypt = { N: 2 ** 16, r: 8, p: 1 };
const memoryBytes = 2 ** 27;

interface Header<About> {
  about: About;
  salt: string;
  nonce: string;
  scrypt: typeof scrypt;
}

export function sealed<About>(content: Buffer, about: About, passphrase: string): Buffer {
  const [salt, nonce] = [randomBytes(16), randomBytes(12)];
  const header: Header<About> = {
    about,
    salt: salt.toString("base64"),
    nonce: nonce.toString("base64"),
    scrypt,
  };
  const line = Buffer.from(`${magic}${JSON.stringify(header)}\n`);
  const cipher = createCipheriv("aes-256-gcm", keyOf(passphrase, salt, scrypt), nonce);
  cipher.setAAD(line);
  return Buffer.concat([line, cipher.update(content), cipher.final(), cipher.getAuthTag()]);
}

/** @throws Error for what is no backup, a wrong passphrase, and a file that is not whole. */
export function unsealed<About>(file: Buffer, passphrase: string): { about: About; content: Buffer } {
  const end = file.indexOf("\n") + 1;
  const line = file.subarray(0, end);
  if (!line.toString().startsWith(magic)) throw new Error("it is no backup of a lab");
  const header = JSON.parse(line.toString().slice(magic.length)) as Header<About>;
  const key = keyOf(passphrase, Buffer.from(header.salt, "base64"), header.scrypt);
  const decipher = createDecipheriv("aes-256-gcm", key, Buffer.from(header.nonce, "base64"), {
    authTagLength: tagBytes,
  });
  decipher.setAAD(line);
  decipher.setAuthTag(file.subarray(-tagBytes));
  try {
    const content = Buffer.concat([decipher.update(file.subarray(end, -tagBytes)), decipher.final()]);
    return { about: header.about, content };
  } catch {
    throw new Error("the passphrase is another than the backup's, or the file is not whole");
  }
}

/**
 * What encrypts the stack's secrets encrypts its backups: whoever keeps the one can open the other.
 * @param environment the engine's, as set-up gives it
 * @throws Error where secrets are encrypted by a service, and no passphrase is given.
 */
export function passphraseOf(environment: NodeJS.ProcessEnv): string {
  const { PULUMI_CONFIG_PASSPHRASE: passphrase, PULUMI_CONFIG_PASSPHRASE_FILE: file } = environment;
  const found = passphrase || (file && readFileSync(file, "utf8").trim());
  if (found) return found;
  throw new Error(
    "a backup is encrypted by the stack's passphrase, and this stack has none: set PULUMI_CONFIG_PASSPHRASE for this command, and keep it",
  );
}

function keyOf(passphrase: string, salt: Buffer, cost: typeof scrypt): Buffer {
  return scryptSync(passphrase, salt, 32, { ...cost, maxmem: memoryBytes });
}
