import { type LabPlan, machinesOf } from "../../plan/lab-plan";
import type { GuestFile } from "../guest-file";

/** What masters give to workers' nodes, by their names; one that the configuration gives nothing is not in it. */
export function nodesFile(plan: LabPlan): GuestFile {
  const given = machinesOf(plan, "worker").flatMap(({ name, labels, taints }) =>
    labels === undefined && taints === undefined ? [] : [[name, { labels, taints }] as const],
  );
  const content = `${JSON.stringify(Object.fromEntries(given), null, 2)}\n`;
  return { path: "/etc/kube-lab/nodes.json", mode: "0644", content };
}
