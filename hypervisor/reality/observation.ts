import type { Hardware } from "../machine/hardware";

/** What a machine says of itself, by cloud-init/common/verify.sh. */
export interface Inside {
  /** When its last pass ended, epoch: what is wrong has been so since then. */
  since: number;
  /** What is not as that pass has left it: `dnsmasq.service is stopped`. */
  faults: string[];
  /** The release of Kubernetes that it runs, `1.36.3`; absent for one without, and one of an earlier version of this program. */
  kubernetes?: string;
  /** Digest of the settings of Kubernetes that it came up with, by cloud-init/kubernetes/settings.sh; absent for none. */
  settings?: string;
}

/** `made`: it is as it was left, off, and was never started. `unfinished`: it runs, but no ensure has come to its end. */
export type ObservedState = "missing" | "made" | "stopped" | "running" | "unfinished";

/** What is there of one machine of the lab, or of a template. */
export interface Observation {
  /** `surplus`: it is the lab's, and the plan has it no more. */
  state: ObservedState | "surplus";
  uuid?: string;
  /** The template it is a clone of; also of a machine whose files alone are there. */
  image?: string;
  /** When a person asked for it to be recreated. */
  renewal?: string;
  /** What it was last given to run (plan/releases.ts). */
  releases?: string;
  /** What it is made of, as the last ensure left it; of a machine that runs. */
  hardware?: Hardware;
  /** A volume with other releases is in its drive: no update has come to its end since. */
  volume?: boolean;
  /**
   * Properties changed by hand since the last ensure: `cpus`, `adapter 1`; `image` when it has to be a clone of another,
   * `renewal` when a person asked for that: then it is to be recreated.
   */
  changed: string[];
  /**
   * The token for the machine's commands: the one stored in the machine if it is as its last ensure left it, else a new
   * one that says why (`2026-11-21T04:33:10Z changed: cpus`), so that preview shows it and `up` brings it back.
   */
  incarnation: string;
  /** What a machine that runs as it was left says of what is in it; undefined where nobody has asked it. */
  inside?: Inside | "no answer";
}

/** Whether the machine is to be recreated from another template. */
export function isToBeRecreated({ changed }: Pick<Observation, "changed">): boolean {
  return changed.includes("image") || changed.includes("renewal");
}
