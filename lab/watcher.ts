import { openVBoxManage, type VBoxManage } from "../hypervisor/driver/vboxmanage";
import type { ObservedState } from "../hypervisor/reality/observation";
import { observeStates } from "../hypervisor/reality/reality";
import { thisHost } from "../lib/host";
import { logFor } from "../lib/progress";
import { RemedyError } from "../lib/remedy-error";
import type { LabPlan } from "../plan/lab-plan";
import { type CertificateEnd, certificateEnds } from "./certificate-ends";
import type { Check } from "./check";
import type { LabOutputs } from "./outputs";
import { LabShell } from "./shell";
import type { Stack } from "./stack/stack";
import { examine } from "./status";

/** All that one look at a lab found. No secret is in it. */
export interface LabLook {
  plan: LabPlan;
  time: Date;
  /** What the hypervisor says, by machine. */
  states: ReadonlyMap<string, ObservedState>;
  checks: Check[];
  certificates: CertificateEnd[];
  /** Pages of the lab itself that a browser on this computer reaches. */
  pages: LabPage[];
  /** Why nothing could be examined: no lab yet or any more, a bad configuration, no hypervisor. */
  problem?: string;
}

export interface LabPage {
  name: string;
  url: string;
}

/** A lab's outputs and the connections made with them. */
interface Access {
  outputs: LabOutputs;
  shell: LabShell;
}

/** What the stack's outputs said, or why they could not be read. */
interface Reading {
  access: Access | Error;
  readAt: number;
  /** Something was wrong since: the lab may have been made again, with other keys. */
  doubtful: boolean;
}

/** Emulated machines take that long for a handshake, when all are asked at once. */
const connectTimeoutMs = 40_000;

/** Reading a stack's outputs starts the engine, so not every look does. */
const outputsMinimumAgeMs = 15_000;

/**
 * Looks at one lab again and again over the same connections, also while it goes down and comes back, with another
 * configuration or other keys. Who does something with a lab has an ExistingLab.
 */
export class LabWatcher {
  private reading: Reading | undefined;
  private plan: LabPlan;

  constructor(private readonly stack: Stack) {
    this.plan = stack.plan();
  }

  /** The administrator's, while there is a lab. Secret. */
  get kubeconfig(): string | undefined {
    return this.accessible?.outputs.kubeconfig;
  }

  /** Never throws: what is in the way is the look's problem. */
  async look(): Promise<LabLook> {
    let states: LabLook["states"] = new Map();
    try {
      this.plan = this.stack.plan();
      const vbox = openVBoxManage(this.plan.hypervisor, thisHost(), logFor("hypervisor"));
      states = await observeStates(vbox, this.plan.machines);
      return await this.examined(states, vbox);
    } catch (error) {
      const problem = problemOf(error);
      const nothing = { checks: [], certificates: [], pages: [] };
      return { plan: this.plan, time: new Date(), states, ...nothing, problem };
    }
  }

  async close(): Promise<void> {
    await this.accessible?.shell.close();
  }

  private get accessible(): Access | undefined {
    const access = this.reading?.access;
    return access instanceof Error ? undefined : access;
  }

  private async examined(planned: LabLook["states"], vbox: VBoxManage): Promise<LabLook> {
    const { plan } = this;
    if (plan.machines.every(({ name }) => planned.get(name) === "missing")) {
      await this.forget();
      throw new Error(`stack ${plan.stack} has no machines. Run: npm run up`);
    }
    const { outputs, shell } = await this.access();
    // Those that the configuration no longer has, or never had: it may be wrong.
    const others = outputs.machines.filter(({ name }) => !planned.has(name));
    const states =
      others.length === 0 ? planned : new Map([...planned, ...(await observeStates(vbox, others))]);
    const time = new Date();
    const checks = await examine(outputs, states, shell, time);
    if (checks.some(({ kind, healthy }) => kind === "machine" && !healthy)) await this.doubt();
    const certificates = certificateEnds(outputs.certificates);
    return { plan, time, states, checks, certificates, pages: pagesOf(outputs) };
  }

  private async access(): Promise<Access> {
    if (this.reading === undefined || this.isStale(this.reading)) {
      await this.forget();
      const access = await this.read().catch((error: Error) => error);
      this.reading = { access, readAt: Date.now(), doubtful: false };
    }
    if (this.reading.access instanceof Error) throw this.reading.access;
    return this.reading.access;
  }

  private async read(): Promise<Access> {
    const outputs = await this.stack.outputs();
    return { outputs, shell: new LabShell(outputs.access, connectTimeoutMs) };
  }

  private isStale({ access, readAt, doubtful }: Reading): boolean {
    if (Date.now() - readAt < outputsMinimumAgeMs) return false;
    if (doubtful || access instanceof Error) return true;
    const names = (machines: readonly { name: string }[]) => machines.map(({ name }) => name).join();
    return names(access.outputs.machines) !== names(this.plan.machines);
  }

  /** A machine that did not answer may have left a connection that is dead without a word. */
  private async doubt(): Promise<void> {
    if (this.reading) this.reading.doubtful = true;
    await this.close();
  }

  private async forget(): Promise<void> {
    await this.close();
    this.reading = undefined;
  }
}

function problemOf(error: unknown): string {
  if (error instanceof RemedyError) return `${error.message} ${error.remedy}`;
  return error instanceof Error ? error.message : String(error);
}

function pagesOf({ statistics, dashboard }: LabOutputs): LabPage[] {
  return [
    ...(dashboard === undefined ? [] : [{ name: "Dashboard", url: dashboard.url }]),
    { name: "HAProxy statistics", url: statistics.url },
  ];
}
