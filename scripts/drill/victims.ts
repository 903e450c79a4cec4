import type { LabMachine } from "../../hypervisor/machine/lab-power";
import type { Role } from "../../plan/lab-plan";

/** A machine that the drill switches off. */
export interface Victim {
  machine: LabMachine;
  /** Why this one of its role. */
  because: string;
  /** How long the API may be lost. */
  goalSeconds?: number;
}

/** Who does at this moment what hurts most to lose. */
export interface Holders {
  virtualIp: string | undefined;
  etcdLeader: string | undefined;
}

interface Trial {
  role: Role;
  /** With fewer nothing can take over. */
  least: number;
  goalSeconds?: number;
}

const TRIALS: readonly Trial[] = [
  { role: "loadBalancer", least: 2, goalSeconds: 3 },
  { role: "master", least: 3, goalSeconds: 5 },
  { role: "worker", least: 2 },
  { role: "gluster", least: 3 },
];

/** One machine of each role that can do without one; the others are told with the reason. */
export function chooseVictims(
  machines: readonly LabMachine[],
  holders: Holders,
): { victims: Victim[]; skipped: string[] } {
  const victims: Victim[] = [];
  const skipped: string[] = [];
  for (const { role, least, goalSeconds } of TRIALS) {
    const candidates = machines.filter((machine) => machine.role === role);
    const last = candidates.at(-1);
    if (last === undefined || candidates.length < least) {
      skipped.push(`${role}: the lab has ${candidates.length}, with fewer than ${least} nothing takes over`);
      continue;
    }
    const holder = candidates.find(({ name }) => name === holders.virtualIp || name === holders.etcdLeader);
    victims.push({
      machine: holder ?? last,
      because: holder ? (role === "master" ? "leads etcd" : "holds the virtual IP") : "the last of its role",
      ...(goalSeconds === undefined ? {} : { goalSeconds }),
    });
  }
  return { victims, skipped };
}
