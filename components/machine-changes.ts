import { isToBeRecreated, type Observation } from "../hypervisor/reality/observation";
import type { LabPlan, MachinePlan } from "../plan/lab-plan";
import { parseReleases } from "../plan/releases";
import { isDue, isOfAnotherKubernetes } from "./due";
import { nodesOf, releasesOn } from "./living-releases";
import { observationOf } from "./observation";
import { waitsForStart } from "./waiting";

/** What becomes of machines and of what is on their disks, as a line for a person. */
export interface MachineChange {
  /** `removes kube-node04 and all that is on its disks` */
  words: string;
  /** Machines that have run go: a person is asked before. */
  takes: boolean;
}

/** What the next update does to the lab's machines; nothing where each stays as it is. */
export function machineChanges(
  plan: LabPlan,
  observations: ReadonlyMap<string, Observation>,
): MachineChange[] {
  const looked = plan.machines.map((machine) => ({
    machine,
    seen: observationOf(observations, machine.name),
  }));
  const those = (matches: (seen: Observation, machine: MachinePlan) => boolean) =>
    looked.filter(({ machine, seen }) => matches(seen, machine)).map(({ machine }) => machine);
  const surplus = [...observations].flatMap(([name, { state }]) => (state === "surplus" ? [name] : []));
  const isNew = ({ state, image }: Observation) => state === "missing" && image === undefined;
  // A new lab has no machine that anybody would ask about.
  if (those(isNew).length === looked.length) return [];
  const recreated = those((seen) => isToBeRecreated(seen));
  const upgraded = those(
    (seen, machine) =>
      !recreated.includes(machine) && seen.state === "running" && isOfAnotherKubernetes(plan, machine, seen),
  );
  const changed = those(
    (seen, machine) => ![...recreated, ...upgraded].includes(machine) && isDue(plan, machine, seen),
  );
  return [
    ...change("removes", surplus, " and all that is on their disks", true),
    ...change("recreates", named(recreated.filter(({ dataDiskGiB }) => dataDiskGiB === undefined)), "", true),
    ...change(
      "recreates",
      named(recreated.filter(({ dataDiskGiB }) => dataDiskGiB !== undefined)),
      " (data disks kept)",
      true,
    ),
    ...change("brings", named(upgraded), ` to Kubernetes ${plan.kubernetes.version}`, false),
    ...change("changes", named(changed), "", false),
    ...change(
      "holds pods to NetworkPolicies on",
      named(those((seen, machine) => holdsFromNowOn(plan, machine, seen))),
      ", to those that are there already as well",
      false,
    ),
    ...change("starts", named(those(sleeps).filter((machine) => !recreated.includes(machine))), "", false),
    ...change("makes", named(those(isNew)), "", false),
  ];
}

/** Those that are off and are to run, or whose files alone are there. */
function sleeps(seen: Observation, machine: MachinePlan): boolean {
  const { state, image } = seen;
  if (waitsForStart(machine, seen)) return false;
  return state === "stopped" || state === "made" || (state === "missing" && image !== undefined);
}

/** One whose pods did what they liked until now, whatever policies there are. */
function holdsFromNowOn(plan: LabPlan, machine: MachinePlan, seen: Observation): boolean {
  const { Kubernetes, networkPolicy } = parseReleases(releasesOn(seen));
  return (
    plan.addons.networkPolicy.enabled &&
    nodesOf(plan).includes(machine) &&
    seen.state === "running" &&
    Kubernetes !== undefined &&
    networkPolicy === undefined
  );
}

function named(machines: readonly MachinePlan[]): string[] {
  return machines.map(({ name }) => name);
}

function change(verb: string, machines: readonly string[], end: string, takes: boolean): MachineChange[] {
  return machines.length === 0 ? [] : [{ words: `${verb} ${machines.join(", ")}${end}`, takes }];
}
