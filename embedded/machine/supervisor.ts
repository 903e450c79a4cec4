import { closeSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { machineCgroups } from "../cgroup/cgroups";
import { raiseSysctls, restoreSysctls } from "../host-sysctls";
import { type Lock, tryLock, withPlaceLock } from "../locks";
import { natNamespace, unplugInternal } from "../network/adapters";
import { Forwards } from "../network/forwards";
import { type Place, runFolder } from "../place";
import { EXIT_REBOOT } from "./container";
import { type ControlRequest, serveControl } from "./control";
import { type Powered, powerOn, seedFolder, takeAway } from "./power";
import type { StoredMachine } from "./record";
import { findMachine, loadMachines } from "./registry";
import { clearSeed } from "./seed";
import { controlSocket, identify, type MachineState, othersOn, readRunState, writeRunState } from "./state";

/** What the supervisor tells the startvm call that began it. */
export type StartReport = { started: true; warnings: string[] } | { started: false; error: string };

/** Milliseconds. */
const HANDOVER = 3000;

/** SIGRTMIN+4: systemd's poweroff.target, as logind does at an ACPI power button. */
const POWER_BUTTON = 38;

/** Stays with one machine from its start until it has no power any more, through reboots. */
export class Supervisor {
  private machine: StoredMachine;
  private readonly console: number;
  private state: MachineState = "starting";
  private powered: Powered | undefined;
  private forwards = new Map<number, Forwards>();
  private cgroups: readonly string[] = [];
  private boots = 0;
  /** What is to happen when the container ends, where somebody asked for its end. */
  private wanted: "poweroff" | "reset" | undefined;

  constructor(
    private readonly place: Place,
    uuid: string,
    /** How to run this program again: the forwards' connector. */
    private readonly connectorProgram: readonly string[],
  ) {
    this.machine = findMachine(place, uuid);
    const folder = runFolder(place, this.machine.uuid);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    this.console = openConsole(folder);
  }

  /** Returns when the machine is off. `report` hears once how the start went. */
  async run(report: (result: StartReport) => void): Promise<void> {
    const lock = await this.takeMachine();
    if (!lock)
      return report({ started: false, error: `the machine ${this.machine.name} is started already` });
    const leftover = readRunState(this.place, this.machine.uuid)?.cgroups ?? [];
    this.enter("starting");
    const control = await serveControl(this.place, this.machine.uuid, (request) => this.handle(request));
    try {
      // A supervisor that was killed has cleaned nothing up.
      if (leftover.length > 0) await takeAway(this.place, this.machine, leftover);
      await withPlaceLock(this.place, "host", () => raiseSysctls(this.place));
      const warnings = await this.boot();
      report({ started: true, warnings });
      this.enter(await this.untilOff());
    } catch (error) {
      this.log(`${(error as Error).stack}`);
      await this.cutPower().catch((again: Error) => this.log(`${again.message}`));
      this.enter("aborted");
      report({ started: false, error: (error as Error).message });
    } finally {
      control.close();
      rmSync(controlSocket(this.place, this.machine.uuid), { force: true });
      await withPlaceLock(this.place, "host", async () => {
        if (!othersOn(this.place, loadMachines(this.place), this.machine.uuid))
          await restoreSysctls(this.place);
      });
      lock.release();
      closeSync(this.console);
    }
  }

  /** A supervisor that has just cut the power lets go some milliseconds later. */
  private async takeMachine(): Promise<Lock | undefined> {
    const started = Date.now();
    let lock = tryLock(this.place, `machine-${this.machine.uuid}`);
    while (!lock && Date.now() - started < HANDOVER) {
      await new Promise((resolve) => setTimeout(resolve, 10));
      lock = tryLock(this.place, `machine-${this.machine.uuid}`);
    }
    return lock;
  }

  /** @returns what the user should know: forwards whose port is taken */
  private async boot(): Promise<string[]> {
    this.boots += 1;
    this.log(`boot ${this.boots} of ${this.machine.name}`);
    // A medium taken out while it ran is out after a reboot.
    this.machine = findMachine(this.place, this.machine.uuid);
    const cgroups = machineCgroups(this.place, this.machine.uuid);
    this.cgroups = cgroups.folders;
    this.enter("starting");
    this.powered = await powerOn(this.place, this.machine, cgroups, this.console);
    const warnings: string[] = [];
    for (const [index, adapter] of this.machine.adapters.entries()) {
      if (adapter.kind !== "nat") continue;
      const log = (line: string) => {
        warnings.push(line);
        this.log(line);
      };
      const namespace = natNamespace(this.place, this.machine.uuid, index + 1);
      const forwards = new Forwards(namespace, this.connectorProgram, log, this.console);
      this.forwards.set(index + 1, forwards);
      await forwards.start(adapter.forwards);
    }
    this.enter("running");
    return warnings;
  }

  private async untilOff(): Promise<MachineState> {
    for (;;) {
      const status = (await this.powered?.ended) ?? 1;
      const again = status === EXIT_REBOOT || this.wanted === "reset";
      const asked = this.wanted === "poweroff";
      this.wanted = undefined;
      await this.cutPower();
      if (again && !asked) {
        await this.boot();
        continue;
      }
      this.log(`off with status ${status}`);
      return status === 0 || asked ? "poweroff" : "aborted";
    }
  }

  private async cutPower(): Promise<void> {
    for (const forwards of this.forwards.values()) forwards.stop();
    this.forwards.clear();
    this.powered = undefined;
    await takeAway(this.place, this.machine, this.cgroups);
    this.cgroups = [];
  }

  private async handle(request: ControlRequest): Promise<void> {
    const powered = this.powered;
    if (!powered) throw new Error(`the machine is ${this.state}`);
    switch (request.do) {
      case "acpipowerbutton":
        process.kill(powered.leader, POWER_BUTTON);
        return;
      case "poweroff":
      case "reset": {
        this.wanted = request.do;
        const isPaused = this.state === "paused";
        if (request.do === "poweroff") {
          this.enter("stopping");
          // Killed processes would say good-bye to their peers, which a machine that loses its power does not.
          await unplugInternal(this.place, this.machine);
        }
        kill(powered.leader);
        if (isPaused) powered.cgroups.setFrozen(false);
        await powered.ended;
        // Done only when nothing of it is left: whoever asked may remove the machine next.
        if (request.do === "poweroff") await this.waitUntilCut();
        return;
      }
      case "pause":
      case "resume":
        powered.cgroups.setFrozen(request.do === "pause");
        this.enter(request.do === "pause" ? "paused" : "running");
        return;
      case "clearSeed":
        clearSeed(seedFolder(this.place, this.machine.uuid));
        return;
      case "addForward": {
        const warning = await this.forwards.get(request.adapter)?.add(request.rule);
        this.machine.adapters[request.adapter - 1]?.forwards.push(request.rule);
        if (warning !== undefined) throw new Error(warning);
        return;
      }
      case "removeForward":
        this.forwards.get(request.adapter)?.remove(request.name);
        this.dropRule(request.adapter, request.name);
        return;
    }
  }

  private dropRule(adapter: number, name: string): void {
    const record = this.machine.adapters[adapter - 1];
    if (record) record.forwards = record.forwards.filter((rule) => rule.name !== name);
  }

  /** untilOff() writes the last state when everything is gone. */
  private async waitUntilCut(): Promise<void> {
    while (this.state === "stopping") await new Promise((resolve) => setTimeout(resolve, 5));
  }

  private enter(state: MachineState): void {
    this.state = state;
    const self = identify(process.pid);
    if (!self) throw new Error("/proc is not mounted");
    writeRunState(this.place, this.machine.uuid, {
      state,
      since: new Date().toISOString(),
      supervisor: self,
      ...(this.powered ? { leader: this.powered.leader } : {}),
      cgroups: [...this.cgroups],
      boots: this.boots,
    });
  }

  private log(line: string): void {
    try {
      writeSync(this.console, `${new Date().toISOString()} kube-lab: ${line}\n`);
    } catch {
      // A full disk takes no words, and stops no machine for that.
    }
  }
}

/** The last run's console is kept as console.log.1. */
function openConsole(folder: string): number {
  const file = join(folder, "console.log");
  try {
    renameSync(file, `${file}.1`);
  } catch {
    // The first run.
  }
  return openSync(file, "a", 0o600);
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It ended at this moment.
  }
}
