import * as pulumi from "@pulumi/pulumi";
import type { Guest, GuestAccess } from "../hypervisor/guest/guest-access";
import { endpointOf, gatewayOf } from "../plan/endpoint";
import { type LabPlan, type MachinePlan, machinesOf, type Role } from "../plan/lab-plan";
import type { Site } from "./site";

/** Whose machines can take a lost one out of the lab, by its role; none where nothing of it stays with the others. */
const peerRoles: Partial<Record<Role, Role>> = { master: "master", worker: "master", gluster: "gluster" };

export function peersOf(plan: LabPlan, { role }: MachinePlan): MachinePlan[] {
  const peers = peerRoles[role];
  return peers === undefined ? [] : machinesOf(plan, peers);
}

/** Secret: how a local command gets into the machine by SSH, and into its peers, as JSON for its standard input. */
export function guestAccess(
  { plan, pki }: Site,
  machine: MachinePlan,
  peers: readonly MachinePlan[],
): pulumi.Output<string> {
  const { address, port } = endpointOf(plan, "ssh");
  const gateway = gatewayOf(plan);
  const guest = (reached: MachinePlan): pulumi.Output<Guest> =>
    pki
      .hostKeyOf(reached)
      .publicKey.apply((hostKey) => ({ name: reached.name, address: reached.address, hostKey }));
  return pulumi.secret(
    pulumi
      .all([pki.userKey.privateKey, guest(gateway), guest(machine), pulumi.all(peers.map(guest))])
      .apply(([privateKey, way, own, others]) => {
        const access: GuestAccess = {
          user: plan.user,
          privateKey,
          gateway: { ...way, address, port },
          machine: own,
          peers: others,
        };
        return JSON.stringify(access);
      }),
  );
}
