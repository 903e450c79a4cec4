/** OpenSSH's public keys, as a line of authorized_keys has them: type, base64, comment. Source: sshd(8), RFC 4253, 5656 and 8709. */

/** Bytes of a point on each curve, uncompressed: 0x04, x, y. */
const pointBytes: Record<string, number> = { nistp256: 65, nistp384: 97, nistp521: 133 };

/** What follows the type, and at the end of those of a security token the application. */
type Body = "ed25519" | "rsa" | keyof typeof pointBytes;

const bodies: Record<string, { body: Body; token?: true }> = {
  "ssh-ed25519": { body: "ed25519" },
  "ssh-rsa": { body: "rsa" },
  "ecdsa-sha2-nistp256": { body: "nistp256" },
  "ecdsa-sha2-nistp384": { body: "nistp384" },
  "ecdsa-sha2-nistp521": { body: "nistp521" },
  "sk-ssh-ed25519@openssh.com": { body: "ed25519", token: true },
  "sk-ecdsa-sha2-nistp256@openssh.com": { body: "nistp256", token: true },
};

export const publicKeyTypes: readonly string[] = Object.keys(bodies);

/** Fewer sshd refuses. Source: sshd_config(5), RequiredRSASize. */
const fewestRsaBits = 1024;

/** Why a text is no public key that sshd takes, one clause without anything of the text; undefined where it is one. */
export function publicKeyFault(text: string): string | undefined {
  if (isPrivateKey(text)) {
    return "it is a private key, which is not to leave its owner; the public one is in the file beside it that ends in .pub";
  }
  if (/[\r\n]/.test(text.trim())) return "it has more than one line";
  const [type = "", encoded = ""] = text.trim().split(/[ \t]+/);
  const known = bodies[type];
  if (known === undefined) return typeFault(text, type);
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(encoded)) return `what follows ${type} is no base64`;
  const bytes = Buffer.from(encoded, "base64");
  const fields = fieldsOf(bytes);
  if (bytes.toString("base64") !== encoded || fields === undefined) {
    return "it is cut off, or characters of it were lost or added";
  }
  if (fields[0]?.toString("latin1") !== type) return `it says ${type}, and holds a key of another type`;
  return bodyFault(known, fields.slice(1)) ?? undefined;
}

/** OpenSSH's, PEM's or PuTTY's, also without its first line. */
function isPrivateKey(text: string): boolean {
  // "openssh-key-v1", and DER's beginning of PKCS #1, #8 and SEC 1, in base64.
  return /PRIVATE KEY|PuTTY-User-Key-File|Private-Lines|b3BlbnNzaC1rZXktdjE|^\s*M[HI][A-Za-z0-9+/]{30}/.test(
    text,
  );
}

function typeFault(text: string, type: string): string {
  if (type === "ssh-dss") return "sshd takes DSA no more";
  if (type.endsWith("-cert-v01@openssh.com")) return "it is a certificate, not a key";
  return publicKeyTypes.some((other) => text.includes(`${other} `))
    ? "options before the key are not taken here"
    : "it does not begin with a type of OpenSSH's";
}

/** Lengths of four bytes, each followed by as many; undefined where they do not come out even. */
function fieldsOf(bytes: Buffer): Buffer[] | undefined {
  const fields: Buffer[] = [];
  let at = 0;
  while (at < bytes.length) {
    if (at + 4 > bytes.length) return undefined;
    const end = at + 4 + bytes.readUInt32BE(at);
    if (end > bytes.length) return undefined;
    fields.push(bytes.subarray(at + 4, end));
    at = end;
  }
  return fields;
}

function bodyFault({ body, token }: { body: Body; token?: true }, fields: Buffer[]): string | undefined {
  const own = token ? fields.slice(0, -1) : fields;
  const isWhole = token === undefined || fields.length > 1;
  if (body === "rsa") {
    const bits = rsaBits(own);
    if (bits !== undefined && bits < fewestRsaBits) {
      return `it is an RSA key of ${bits} bits, and sshd takes ${fewestRsaBits} and more`;
    }
    return bits === undefined ? "it is no whole key" : undefined;
  }
  const fits =
    body === "ed25519"
      ? own.length === 1 && own[0]?.length === 32
      : own.length === 2 && own[0]?.toString("latin1") === body && isPoint(own[1], pointBytes[body]);
  return isWhole && fits ? undefined : "it is no whole key";
}

/** Of exponent and modulus; undefined where they are not both there. */
function rsaBits([exponent, modulus, ...others]: Buffer[]): number | undefined {
  if (others.length > 0 || !exponent?.length || !modulus?.length) return undefined;
  const value = modulus.toString("hex").replace(/^0+/, "");
  return value === ""
    ? undefined
    : (value.length - 1) * 4 + (32 - Math.clz32(Number.parseInt(value[0] ?? "0", 16)));
}

function isPoint(point: Buffer | undefined, bytes: number | undefined): boolean {
  return point?.length === bytes && point?.[0] === 4;
}
