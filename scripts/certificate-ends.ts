import { X509Certificate } from "node:crypto";

export interface CertificateEnd {
  name: string;
  end: Date;
}

/** When each certificate (PEM by name) expires, the first to do so first. */
export function certificateEnds(certificates: Record<string, string>): CertificateEnd[] {
  return Object.entries(certificates)
    .map(([name, pem]) => ({ name, end: new Date(new X509Certificate(pem).validTo) }))
    .sort((a, b) => a.end.getTime() - b.end.getTime());
}
