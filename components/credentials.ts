import * as pulumi from "@pulumi/pulumi";
import type { MachineCredentials } from "../cloud-init/credentials";
import type { MachinePlan } from "../plan/lab-plan";
import type { Site } from "./site";

/** What a machine is given by its role, before it is known: its identity, and what its role alone needs. */
export function credentialsOf(
  { plan, pki, secrets }: Site,
  machine: MachinePlan,
): pulumi.Output<MachineCredentials> {
  const identity = pki.identityOf(machine, machine.role === "master");
  const { corosyncKey, statisticsPassword, etcdClusterToken, encryptionKey, dashboardToken } = secrets;
  switch (machine.role) {
    case "loadBalancer":
      return pulumi.output({ ...identity, corosyncKey, statisticsPassword });
    case "master":
      return pulumi.output({
        ...identity,
        serviceAccountKey: pki.serviceAccountKey,
        etcdClusterToken,
        encryptionKey,
        ...(dashboardToken && { dashboardToken }),
        ...(plan.applications && { applications: pki.certificateOf("applications") }),
      });
    default:
      return pulumi.output(identity);
  }
}
