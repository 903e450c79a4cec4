import * as pulumi from "@pulumi/pulumi";
import { isToBeRecreated, type Observation } from "../hypervisor/reality/observation";
import { birthOf } from "../plan/birth";
import { ConfigurationError } from "../plan/config/problems";
import { type LabPlan, machinesOf } from "../plan/lab-plan";
import { releasesOf, releasesText } from "../plan/releases";
import { baseDiskInUse } from "./base-disk-in-use";
import type { BaseDisk } from "./image";
import { problemsOfUpgrade } from "./living-releases";
import { observationOf } from "./observation";

/** As cloud-init/kubernetes/backup.sh says it. */
const RESTORING = "a restore was begun";

/** @throws pulumi.RunError where the living lab can't be brought to the plan's release of Kubernetes; nothing is touched then. */
export function refuseUpgrade(plan: LabPlan, observations: ReadonlyMap<string, Observation>): void {
  const problems = problemsOfUpgrade(plan, observations);
  if (problems.length > 0) throw new pulumi.RunError(new ConfigurationError(problems).message);
}

/**
 * The base disk that the lab's template is made from: that in use, else the newest.
 * @param newest what set-up has made last for such a plan; undefined where it has made none
 * @throws pulumi.RunError where a machine or the template needs one, and set-up has made none
 */
export function neededBaseDisk(
  plan: LabPlan,
  observations: ReadonlyMap<string, Observation>,
  newest: BaseDisk | undefined,
): BaseDisk {
  const needed = baseDiskInUse(plan, observations) ?? newest;
  if (needed !== undefined) return needed;
  const wanted = `${birthOf(plan)}, ${releasesText(releasesOf(plan))}`;
  throw new pulumi.RunError(
    `a machine or the template is to be made, and there is no base disk for it (${wanted}). \`npm run up\` makes or fetches it, and so does \`npm run set-up\`.`,
  );
}

/**
 * While a restore waits for its end, the masters that it was for have no etcd: one that is made would find nobody and begin an empty
 * cluster beside the data.
 * @throws pulumi.RunError that names them; nothing is touched then.
 */
export function refuseToMakeMastersBesideRestore(
  plan: LabPlan,
  observations: ReadonlyMap<string, Observation>,
): void {
  const { masters, made } = mastersSeen(plan, observations);
  const restoring = masters.filter(
    ({ inside }) =>
      inside !== undefined &&
      inside !== "no answer" &&
      inside.faults.some((fault) => fault.includes(RESTORING)),
  );
  if (made.length === 0 || restoring.length === 0) return;
  throw new pulumi.RunError(
    `${namesOf(restoring)}: a restore was begun and has not come to its end. Made now, ${namesOf(made)} would begin an empty cluster beside the data. First: npm run restore -- FILE; then run again.`,
  );
}

/** Faults by which a master's etcd does not run, though the machine answers. */
const SILENCING = /^(kubelet|containerd)\.service (is stopped|has failed)$/;

/**
 * A master that is made asks the others' etcd which cluster there is, and takes silence for a new lab. Where none of those that run
 * could answer, it would begin an empty cluster beside the data.
 * @throws pulumi.RunError that names them; nothing is touched then.
 */
export function refuseToMakeMastersInSilence(
  plan: LabPlan,
  observations: ReadonlyMap<string, Observation>,
): void {
  const { masters, made } = mastersSeen(plan, observations);
  const running = masters.filter((master) => master.state === "running" && !made.includes(master));
  const silent = running.filter(
    ({ inside }) => inside === "no answer" || inside?.faults.some((fault) => SILENCING.test(fault)) === true,
  );
  if (made.length === 0 || silent.length === 0 || silent.length < running.length) return;
  throw new pulumi.RunError(
    `${namesOf(made)} would be created while the etcd of ${namesOf(silent)} can't be asked for the cluster, and would begin an empty one beside its data. What is wrong there: npm run status. Restart it, npm run stop and npm run start, and run again; if it is lost for good: npm run restore -- FILE.`,
  );
}

/**
 * Masters that are off can't be asked whether they may go, and are recreated all at once: without a majority of others that run they
 * would take the cluster with them.
 * @throws pulumi.RunError that names them; nothing is touched then.
 */
export function refuseToMakeSleepersAnew(
  plan: LabPlan,
  observations: ReadonlyMap<string, Observation>,
): void {
  const { masters } = mastersSeen(plan, observations);
  const awake = masters.filter(({ state }) => state === "running");
  const sleepers = masters.filter((master) => isToBeRecreated(master) && !awake.includes(master));
  if (sleepers.length === 0 || awake.length > masters.length / 2) return;
  throw new pulumi.RunError(
    `${namesOf(sleepers)} would be recreated while off, and the cluster's data is on their disks. Start the lab first, npm run start, and run again. Where it can't be started so, take the change of kube-lab:image back, npm run up, then make it again.`,
  );
}

type SeenMaster = Observation & { name: string };

/** What there is of the masters; `made`: those that the update makes. */
function mastersSeen(plan: LabPlan, observations: ReadonlyMap<string, Observation>) {
  const masters = machinesOf(plan, "master").map(
    ({ name }): SeenMaster => ({ name, ...observationOf(observations, name) }),
  );
  const made = masters.filter((master) => master.state === "missing" || isToBeRecreated(master));
  return { masters, made };
}

function namesOf(masters: readonly SeenMaster[]): string {
  return masters.map(({ name }) => name).join(", ");
}
