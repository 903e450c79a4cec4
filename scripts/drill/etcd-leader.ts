import type { LabOutputs } from "../../lab/outputs";
import type { LabShell } from "../../lab/shell";

const PKI = "/etc/kubernetes/pki/etcd";
const COMMAND = `sudo etcdctl --endpoints https://127.0.0.1:2379 --cacert ${PKI}/ca.crt --cert ${PKI}/healthcheck-client.crt --key ${PKI}/healthcheck-client.key endpoint status --cluster --write-out=json`;

interface EndpointStatus {
  /** `https://192.168.1.10:2379` */
  Endpoint: string;
  Status: { header: { member_id: number }; leader: number };
}

/** Name of the master that leads etcd; undefined while none does. */
export async function etcdLeader(
  shell: Pick<LabShell, "run">,
  machines: LabOutputs["machines"],
): Promise<string | undefined> {
  const masters = machines.filter(({ role }) => role === "master");
  const [first] = masters;
  if (first === undefined) return undefined;
  const { status, stdout, stderr } = await shell.run(first.name, COMMAND);
  if (status !== 0) throw new Error(`etcd on ${first.name} does not tell who leads: ${stderr.trim()}`);
  const leader = (JSON.parse(stdout) as EndpointStatus[]).find(
    ({ Status }) => Status.leader === Status.header.member_id,
  );
  return masters.find(({ address }) => leader?.Endpoint.includes(`//${address}:`))?.name;
}
