import { X509Certificate } from "node:crypto";
import type { AuthorityName } from "./certificates";
import type { Configuration } from "./config/defaults";

/** An authority of the user's own, PEM. The key is a secret: make it one before it goes into any resource. */
export interface GivenAuthority {
  certificate: string;
  privateKey: string;
  /** When the certificate does, ISO 8601. */
  expires: string;
}

export const authorityNames: readonly AuthorityName[] = ["kubernetes-ca", "etcd-ca", "front-proxy-ca"];

/** The authorities that the configuration brings along; the others are made here. */
export function givenAuthorities(
  configuration: Configuration,
): Partial<Record<AuthorityName, GivenAuthority>> {
  const { authorities } = configuration.certificates;
  return Object.fromEntries(
    authorityNames.flatMap((name) => {
      const { certificate, privateKey } = authorities[name];
      return certificate === undefined || privateKey === undefined
        ? []
        : [[name, { certificate, privateKey, expires: expiryOf(certificate) }]];
    }),
  );
}

function expiryOf(certificate: string): string {
  return new Date(new X509Certificate(certificate).validTo).toISOString();
}
