import type { Check } from "../lab/check";
import { type LabPlan, type MachinePlan, machinesOf } from "../plan/lab-plan";

/** What status says of a plan's lab when all is well and the first load balancer holds the virtual IP. */
export function healthyChecks(plan: LabPlan): Check[] {
  const well = (kind: string, { name }: { name: string }, detail: string): Check => ({
    kind,
    name,
    healthy: true,
    detail,
  });
  const masters = machinesOf(plan, "master");
  const gluster = machinesOf(plan, "gluster");
  const nodes: MachinePlan[] = [...masters, ...machinesOf(plan, "worker")];
  return [
    ...plan.machines.map((machine) => well("machine", machine, "running; converged")),
    ...nodes.map((node) => well("node", node, `Ready, v${plan.kubernetes.version}, ${node.address}`)),
    ...masters.map((master) => well("etcd member", master, "healthy")),
    ...machinesOf(plan, "loadBalancer")
      .slice(0, 1)
      .map((balancer) => well("virtual IP", balancer, "holds it")),
    ...masters.map((master) => well("backend", master, "UP, L7OK")),
    ...gluster.map((peer) => well("Gluster peer", peer, `${gluster.length} of ${gluster.length} connected`)),
    well("Gluster volume", { name: plan.gluster.volume }, "started, 3 of 3 bricks online"),
    well("certificate", { name: "apiserver-kube-mast01" }, "first of 38 to expire: 2027-11-21, in 364 days"),
  ];
}

/** The same with other words about what `changes` names by kind and name. */
export function withFailures(
  checks: Check[],
  changes: { kind: string; name: string; detail: string }[],
): Check[] {
  return checks.map((check) => {
    const change = changes.find(({ kind, name }) => kind === check.kind && name === check.name);
    return change === undefined ? check : { ...check, healthy: false, detail: change.detail };
  });
}
