import { compareVersions } from "../lib/version";
import { type Problem, setCommand } from "./config/problems";

const key = "kubernetes.version";

/**
 * What keeps a living lab from another release of Kubernetes: kubeadm goes to any later patch and to the next minor release, and
 * never back. Source: kubernetes.io, "Upgrading kubeadm clusters".
 * @param living the release of every master and worker that is known; several in a lab whose upgrade was cut short
 */
export function upgradeProblems(living: readonly string[], wanted: string): Problem[] {
  const known = [...new Set(living)].sort(compareVersions);
  const [lowest, highest] = [known[0], known.at(-1)];
  if (lowest === undefined || highest === undefined) return [];
  if (compareVersions(wanted, highest) < 0) return [downgrade(highest, wanted)];
  if (minorOf(wanted) > minorOf(lowest) + 1) return [skipped(lowest, wanted)];
  return [];
}

function downgrade(living: string, wanted: string): Problem {
  return {
    key,
    value: wanted,
    reason: `the living lab has ${living} already, and Kubernetes has no way back to an earlier release`,
    allowed: `${living} or later; an earlier one for a new lab only`,
    fix: setCommand(key, living),
  };
}

function skipped(living: string, wanted: string): Problem {
  const next = `1.${minorOf(living) + 1}`;
  return {
    key,
    value: wanted,
    reason: `the living lab has ${living}, and an upgrade may not skip a minor release`,
    allowed: `1.${minorOf(living)}.x from ${living} on, or ${next}.x`,
    fix: `set it to the last ${next}.x first and run \`npm run up\`, then go on from there`,
  };
}

function minorOf(release: string): number {
  return Number(release.split(".")[1]);
}
