import { execFileSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { KeyPair, MachineCredentials } from "../../cloud-init/credentials";
import { planCertificates } from "../../plan/certificates";
import type { LabPlan, MachinePlan } from "../../plan/lab-plan";

/** One self-signed pair for everything: the tools look at form, not at trust. */
const pair = selfSigned();

/** Made-up credentials of a machine's role, in the shapes of the real ones. */
export function exampleCredentials(plan: LabPlan, machine: MachinePlan): MachineCredentials {
  const authority: KeyPair =
    machine.role === "master" ? pair : { certificate: pair.certificate, privateKey: "" };
  return {
    sshHostKey: { privateKey: pair.privateKey, publicKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA host" },
    authorizedKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIB user",
    certificates: Object.fromEntries(
      planCertificates(plan)
        .certificates.filter(({ machines }) => machines.includes(machine.name))
        .map((certificate) => [certificate.file, pair]),
    ),
    authorities: { "kubernetes-ca": authority, "etcd-ca": authority, "front-proxy-ca": authority },
    ...(machine.role === "master"
      ? {
          serviceAccountKey: { privateKey: pair.privateKey, publicKey: pair.certificate },
          etcdClusterToken: "an-etcd-token",
          encryptionKey: Buffer.from("an-encryption-key-of-32-letters-").toString("base64"),
          ...(plan.addons.headlamp.enabled ? { dashboardToken: "fedcba.fedcba9876543210" } : {}),
          ...(plan.applications ? { applications: pair } : {}),
        }
      : {}),
    ...(machine.role === "loadBalancer"
      ? {
          corosyncKey: Buffer.alloc(256, "k").toString("base64"),
          statisticsPassword: "a-statistics-password",
        }
      : {}),
  };
}

function selfSigned(): KeyPair {
  const folder = mkdtempSync(join(tmpdir(), "kube-lab-pair-"));
  try {
    const key = join(folder, "key");
    const { privateKey } = generateKeyPairSync("ec", {
      namedCurve: "P-256",
      privateKeyEncoding: { type: "pkcs8", format: "pem" },
      publicKeyEncoding: { type: "spki", format: "pem" },
    });
    writeFileSync(key, privateKey, { mode: 0o600 });
    execFileSync(
      "openssl",
      ["req", "-x509", "-new", "-key", key, "-subj", "/CN=example", "-out", join(folder, "crt")],
      {
        stdio: "pipe",
      },
    );
    return { certificate: readFileSync(join(folder, "crt"), "utf8"), privateKey };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
