import type { ObservedState } from "../../hypervisor/reality/observation";
import type { Check } from "../../lab/check";
import type { LabLook } from "../../lab/watcher";
import type { LabPlan } from "../../plan/lab-plan";
import { healthyChecks } from "../../ui/healthy-checks";

const dayMs = 24 * 3600 * 1000;
const authorities = ["etcd-ca", "front-proxy-ca", "kubernetes-ca"];
const leaves = [
  "admin",
  "apiserver",
  "apiserver-etcd-client",
  "apiserver-kubelet-client",
  "controller-manager",
];

/** A look at a lab of that plan, as of a moment. */
export function lookAt(
  plan: LabPlan,
  checks: Check[] = healthyChecks(plan),
  time = new Date("2026-11-21T12:00:00Z"),
): LabLook {
  const inDays = (days: number) => new Date(time.getTime() + days * dayMs);
  return {
    plan,
    time,
    states: statesOf(plan, "running"),
    checks,
    certificates: [
      { name: "kubelet-kube-node03", end: inDays(-1) },
      { name: "scheduler", end: inDays(59.5) },
      ...leaves.map((name) => ({ name: `${name}-kube-mast01`, end: inDays(364.9) })),
      ...authorities.map((name) => ({ name, end: inDays(3649.9) })),
    ],
    pages: [{ name: "HAProxy statistics", url: "http://127.0.0.1:32700/" }],
  };
}

/** The same lab after `npm run down`. */
export function lookAtNothing(plan: LabPlan, time = new Date("2026-11-21T12:00:00Z")): LabLook {
  return {
    plan,
    time,
    states: statesOf(plan, "missing"),
    checks: [],
    certificates: [],
    pages: [],
    problem: `stack ${plan.stack} has no machines. Run: npm run up`,
  };
}

function statesOf(plan: LabPlan, state: ObservedState): LabLook["states"] {
  return new Map(plan.machines.map(({ name }) => [name, state]));
}
