import type { KeyPair } from "../credentials";
import { yaml } from "../yaml";

export interface KubeconfigArgs {
  /** `https://192.168.4.20:6443` */
  server: string;
  /** PEM of the authority that signed the server's certificate. */
  authority: string;
  /** Name of the user entry: what kubeadm calls it, or the person. */
  user: string;
  /** A client certificate with its key, a bootstrap token, or the path of a file with both certificate and key. */
  credential: KeyPair | { token: string } | { file: string };
  /** Name of the cluster and, with the user, of the context. */
  cluster?: string;
}

/** A kubeconfig that needs no other file: certificates and keys are inside. */
export function kubeconfig(args: KubeconfigArgs): string {
  const { server, authority, user, credential, cluster = "kubernetes" } = args;
  const context = `${user}@${cluster}`;
  return yaml({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: cluster, cluster: { "certificate-authority-data": base64(authority), server } }],
    contexts: [{ name: context, context: { cluster, user } }],
    "current-context": context,
    preferences: {},
    users: [{ name: user, user: userEntry(credential) }],
  });
}

function userEntry(credential: KubeconfigArgs["credential"]): object {
  if ("token" in credential) return { token: credential.token };
  if ("file" in credential) return { "client-certificate": credential.file, "client-key": credential.file };
  return {
    "client-certificate-data": base64(credential.certificate),
    "client-key-data": base64(credential.privateKey),
  };
}

function base64(text: string): string {
  return Buffer.from(text, "utf8").toString("base64");
}
