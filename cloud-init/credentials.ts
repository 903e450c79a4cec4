/** A certificate or authority with its key, PEM. */
export interface KeyPair {
  certificate: string;
  privateKey: string;
}

/** Everything secret or generated that one machine is given. Made by components/pki.ts and components/secrets.ts. */
export interface MachineCredentials {
  /** OpenSSH format. */
  sshHostKey: { privateKey: string; publicKey: string };
  /** Public key of the lab's user, one line. */
  authorizedKey: string;
  /** By name of plan/certificates.ts' `file`, only the ones this machine holds. */
  certificates: Record<string, KeyPair>;
  /** Masters get certificate and key of all authorities; workers and load balancers only the certificate (`privateKey` ""). */
  authorities: Record<"kubernetes-ca" | "etcd-ca" | "front-proxy-ca", KeyPair>;
  /** Masters only: PEM, service-account signing key. */
  serviceAccountKey?: { privateKey: string; publicKey: string };
  /** Masters only. */
  etcdClusterToken?: string;
  /** Masters only: base64 of 32 bytes, by which secrets in etcd are encrypted. */
  encryptionKey?: string;
  /** Masters only, where the dashboard is on: what a person logs in with, a bootstrap token `abcdef.0123456789abcdef`. */
  dashboardToken?: string;
  /** Masters only, where Traefik is on: what it serves with. */
  applications?: KeyPair;
  /** Load balancers only: base64 of 256 random bytes. */
  corosyncKey?: string;
  /** Load balancers only. */
  statisticsPassword?: string;
}
