import "../../../supply/engine/plugins/tls/reflect";
import { BasicConstraintsExtension, X509CertificateGenerator } from "@peculiar/x509";

/** A certificate with its key, PEM. */
export interface Pair {
  certificate: string;
  privateKey: string;
}

/** Of an authority, or of somebody who is none. */
export async function selfSigned(isAuthority: boolean): Promise<Pair> {
  const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  const keys = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: "CN=own",
    keys,
    signingAlgorithm: algorithm,
    extensions: [new BasicConstraintsExtension(isAuthority, undefined, true)],
  });
  const bytes = Buffer.from(await crypto.subtle.exportKey("pkcs8", keys.privateKey)).toString("base64");
  const privateKey = `-----BEGIN PRIVATE KEY-----\n${bytes}\n-----END PRIVATE KEY-----\n`;
  return { certificate: certificate.toString("pem"), privateKey };
}
