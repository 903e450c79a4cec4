import type { LabUnderTest } from "./lab-under-test";

/** The beginning of what etcd has of the secret that the lab's default namespace has by the name. */
export async function inEtcd(lab: LabUnderTest, name: string): Promise<string> {
  const pki = "/etc/kubernetes/pki/etcd";
  const access = `--cacert ${pki}/ca.crt --cert ${pki}/healthcheck-client.crt --key ${pki}/healthcheck-client.key`;
  return lab.on(
    "kube-mast01",
    `sudo etcdctl ${access} get /registry/secrets/default/${name} --print-value-only | head -c 60`,
  );
}
