import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import type { AuthorityName } from "../../certificates";
import { authorityNames } from "../../given-authorities";
import { type Problem, removeCommand } from "../problems";
import type { CheckInput, ConfigurationCheck } from "./check";

/** An authority of the user's own is whole, one, and its key's. Nothing of the key gets into a problem. */
export const checkAuthorities: ConfigurationCheck = (input) =>
  authorityNames.flatMap((name) => problemsOf(input, name));

function problemsOf({ configuration }: CheckInput, name: AuthorityName): Problem[] {
  const { certificate, privateKey } = configuration.certificates.authorities[name];
  const key = `certificates.authorities.${name}`;
  const problem = (part: "certificate" | "privateKey", reason: string, allowed: string): Problem => ({
    key: `${key}.${part}`,
    value: part === "privateKey" || certificate === undefined ? "(secret)" : firstLine(certificate),
    reason,
    allowed,
    fix: `give both parts of one authority, or neither: ${removeCommand(key)}`,
    dependsOn: [`${key}.certificate`, `${key}.privateKey`],
  });
  if (certificate === undefined && privateKey === undefined) {
    return [];
  }
  if (privateKey === undefined) {
    return [problem("certificate", "the authority's key is missing", `${key}.privateKey as well`)];
  }
  if (certificate === undefined) {
    return [problem("privateKey", "the authority's certificate is missing", `${key}.certificate as well`)];
  }
  const parsed = attempt(() => new X509Certificate(certificate));
  const parsedKey = attempt(() => createPrivateKey(privateKey));
  if (parsed === undefined) {
    return [problem("certificate", "it cannot be read", "one X.509 certificate in PEM")];
  }
  if (parsedKey === undefined) {
    return [
      problem("privateKey", "it cannot be read", "one private key in PEM, not encrypted by a passphrase"),
    ];
  }
  return [
    ...(parsed.ca ? [] : [problem("certificate", "it is not an authority's", "a certificate with CA:TRUE")]),
    ...(belongs(parsed, parsedKey)
      ? []
      : [problem("privateKey", "it is another certificate's", "the key of that certificate")]),
  ];
}

function belongs(certificate: X509Certificate, key: KeyObject): boolean {
  return attempt(() => certificate.checkPrivateKey(key)) ?? false;
}

function firstLine(pem: string): string {
  return pem.split("\n", 1)[0] ?? "";
}

/** OpenSSL's reasons may quote what they read, so they are not passed on. */
function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
