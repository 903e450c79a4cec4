import type { Role } from "./lab-plan";

/**
 * Clients before what they use: workers write to Gluster and reach the API by the virtual address; all names and routes are
 * the gateway's.
 */
const ORDER: readonly Role[] = ["worker", "loadBalancer", "master", "gluster", "gateway"];

/** The machines in stages: those of a stage may stop at the same moment, once the stage before is off. */
export function stopStages<Machine extends { role: Role }>(machines: readonly Machine[]): Machine[][] {
  return ORDER.map((role) => machines.filter((machine) => machine.role === role)).filter(
    (stage) => stage.length > 0,
  );
}
