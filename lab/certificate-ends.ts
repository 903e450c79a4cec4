import { X509Certificate } from "node:crypto";
import type { Reports } from "./machine-reports";

export interface CertificateEnd {
  name: string;
  end: Date;
}

/** When each certificate (PEM by name) expires, the first to do so first. */
export function certificateEnds(certificates: Record<string, string>): CertificateEnd[] {
  return Object.entries(certificates)
    .map(([name, pem]) => ({ name, end: new Date(new X509Certificate(pem).validTo) }))
    .sort(byEnd);
}

/** The same of those that kubelets ask the cluster for by themselves, as their machines tell. */
export function kubeletEnds(reports: Reports): CertificateEnd[] {
  const names = [...reports.namesOf("master"), ...reports.namesOf("worker")];
  return names
    .flatMap((name) => {
      const end = new Date(String(reports.facts(name)?.kubeletCertificate));
      return Number.isNaN(end.getTime()) ? [] : [{ name: `kubelet of ${name}`, end }];
    })
    .sort(byEnd);
}

function byEnd(a: CertificateEnd, b: CertificateEnd): number {
  return a.end.getTime() - b.end.getTime();
}
