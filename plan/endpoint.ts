import { type ForwardPlan, type LabPlan, type MachinePlan, machinesOf } from "./lab-plan";

export interface Endpoint {
  address: string;
  port: number;
}

/** Every port of the host that NAT forwards to the gateway. */
export function forwardsIn(plan: LabPlan): ForwardPlan[] {
  return gatewayOf(plan).adapters.flatMap((adapter) => (adapter.kind === "nat" ? adapter.forwards : []));
}

/** Those of them that the user has asked for, by hostAccess.forwards or `npm run forward`. */
export function ownForwardsIn(plan: LabPlan): ForwardPlan[] {
  return forwardsIn(plan).filter(({ about }) => about !== undefined);
}

/**
 * Where a program on the host reaches what NAT forwards.
 * @throws Error for a plan whose gateway does not have the forward.
 */
export function endpointOf(plan: LabPlan, name: ForwardPlan["name"]): Endpoint {
  const forward = forwardsIn(plan).find((candidate) => candidate.name === name);
  if (forward === undefined) throw new Error(`the plan of ${plan.stack} forwards no port for ${name}`);
  // 0.0.0.0 is where the host listens, not where one can connect to.
  const address = forward.hostAddress === "0.0.0.0" ? "127.0.0.1" : forward.hostAddress;
  return { address, port: forward.hostPort };
}

/** @throws Error for a plan without gateway. */
export function gatewayOf(plan: LabPlan): MachinePlan {
  const [gateway] = machinesOf(plan, "gateway");
  if (gateway === undefined) throw new Error(`the plan of ${plan.stack} has no gateway`);
  return gateway;
}
