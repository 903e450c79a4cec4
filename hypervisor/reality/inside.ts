import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Host } from "../../lib/host";
import { gatewayOf } from "../../plan/endpoint";
import type { LabPlan } from "../../plan/lab-plan";
import { sshFilesOf } from "../../plan/ssh-config";
import type { Inside, Observation } from "./observation";
import { isSettled } from "./settled";

/** A look inside the machines, under way. */
export interface LookInside {
  /**
   * What they said: those of the names, or as many of them as have answered when the time is over. Undefined where nobody could be
   * asked: there is no lab yet, or one of a release whose machines can't say.
   */
  of(names: readonly string[]): Promise<ReadonlyMap<string, Inside> | undefined>;
}

/**
 * Of the whole look, ms; it ends when all have answered. Twelve machines on two processors need several seconds, and a person waits for a
 * preview; an update that did not hear of a fault would not repair it, and takes longer itself.
 */
export const LOOK_BOUND = { preview: 8_000, update: 20_000 };

/** What `kube-lab` ends with for a word that it does not know. */
const USAGE = 64;

const nobody: LookInside = { of: async () => undefined };

/**
 * Asks all machines of a lab by one connection to its gateway, which asks the others. Begins at once and never fails: who does
 * not answer is missing from what it gives.
 */
export function lookInside(plan: LabPlan, host: Host, boundMilliseconds: number): LookInside {
  const { config } = sshFilesOf(plan.stack);
  if (!existsSync(join(host.project, config))) return nobody;
  const said = new Map<string, Inside>();
  const child = spawn(
    "ssh",
    [
      ...["-F", config, "-o", "BatchMode=yes", "-o", "ConnectTimeout=2", "-o", "LogLevel=ERROR"],
      ...[gatewayOf(plan).name, `sudo timeout ${Math.ceil(boundMilliseconds / 1000)} kube-lab verify --all`],
    ],
    // The configuration names its files relative to this folder.
    { cwd: host.project, stdio: ["ignore", "pipe", "ignore"], env: host.environment, windowsHide: true },
  );
  const over = new Promise<number | null>((resolve) => {
    const timer = setTimeout(() => resolve(null), boundMilliseconds);
    const end = (status: number | null) => {
      clearTimeout(timer);
      resolve(status);
    };
    child.on("error", () => end(null));
    child.on("close", end);
  });
  let news = () => {};
  createInterface({ input: child.stdout }).on("line", (line) => {
    readLine(line, said);
    news();
  });
  return {
    of: async (names) => {
      const all = new Promise<null>((resolve) => {
        news = () => {
          // A machine's lines come in one piece.
          if (names.every((name) => said.has(name))) setImmediate(resolve, null);
        };
        news();
      });
      const status = await Promise.race([all, over]);
      child.kill();
      return status === USAGE ? undefined : said;
    },
  };
}

/** Adds to what was observed what machines that run as they were left say; the others will converge anyway. */
export async function addInside(observed: ReadonlyMap<string, Observation>, look: LookInside): Promise<void> {
  const settled = [...observed].filter(([, observation]) => isSettled(observation));
  const said = await look.of(settled.map(([name]) => name));
  if (said === undefined) return;
  for (const [name, observation] of settled) observation.inside = said.get(name) ?? "no answer";
}

/** `kube-node01<tab>1764145000<tab>1.36.3<tab>0123456789ab`, then `kube-node01<tab>containerd.service is stopped`. */
export function readLine(line: string, said: Map<string, Inside>): void {
  const [name = "", words = "", release = "", settings = ""] = line.split("\t");
  const known = said.get(name);
  if (known !== undefined) known.faults.push(legible(words));
  else if (/^\d+$/.test(words))
    said.set(name, {
      since: Number(words),
      faults: [],
      ...(/^\d+\.\d+\.\d+$/.test(release) && { kubernetes: release }),
      ...(/^[0-9a-f]{12}$/.test(settings) && { settings }),
    });
}

/** It becomes a part of a command line in a shell. */
function legible(words: string): string {
  return words.replaceAll(/[^\w ./:@,()+[\]-]/g, "?").slice(0, 200);
}
