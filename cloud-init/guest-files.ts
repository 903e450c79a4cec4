import { sha256Of } from "../lib/checksum";
import type { LabPlan, MachinePlan, Role } from "../plan/lab-plan";
import { type Outside, plainOutside } from "../plan/outside";
import { trustedAuthorityFiles } from "./common/authorities";
import { commonFiles } from "./common/files";
import { proxyFiles } from "./common/proxy";
import type { MachineCredentials } from "./credentials";
import { gatewayFiles } from "./gateway/files";
import { glusterFiles } from "./gluster/files";
import type { GuestFile } from "./guest-file";
import { masterFiles, workerFiles } from "./kubernetes/files";
import { loadBalancerFiles } from "./load-balancer/files";
import { type OwnDelivery, ownFiles } from "./own/files";

/** All files that cloud-init writes into a machine at its first boot, and that an update delivers later. */
export function guestFiles(
  plan: LabPlan,
  machine: MachinePlan,
  credentials: MachineCredentials,
  own?: OwnDelivery,
  outside: Outside = plainOutside,
): GuestFile[] {
  const files = [
    ...commonFiles(plan, machine, credentials),
    ...trustedAuthorityFiles(outside),
    ...proxyFiles(plan),
    ...roleFiles[machine.role](plan, machine, credentials, outside),
    ...ownFiles(own),
  ];
  return [...files, { path: "/etc/kube-lab/digest", mode: "0600", content: digestOf(files) }];
}

type FilesOf = (
  plan: LabPlan,
  machine: MachinePlan,
  credentials: MachineCredentials,
  outside: Outside,
) => GuestFile[];

const roleFiles: Record<Role, FilesOf> = {
  gateway: gatewayFiles,
  loadBalancer: (_plan, _machine, credentials) => loadBalancerFiles(credentials),
  master: masterFiles,
  worker: workerFiles,
  gluster: glusterFiles,
};

/** Last in the list, so last written: where it is in place, so are all the others. */
function digestOf(files: GuestFile[]): string {
  return `${sha256Of(JSON.stringify(files))}\n`;
}
