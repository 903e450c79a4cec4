import { spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync } from "node:fs";
import { join } from "node:path";
import { type OptionRule, optionValue, parseArguments } from "../arguments";
import { callEnd } from "../call-end";
import { VirtualBoxError } from "../errors";
import type { StoredMachine } from "../machine/record";
import { findMachine } from "../machine/registry";
import { isOn, machineState } from "../machine/state";
import type { StartReport } from "../machine/supervisor";
import { type Place, runFolder } from "../place";
import { rerun } from "../rerun";
import type { Verb } from "./verb";

const USAGE = "startvm <uuid | vmname…> [--putenv=name[=value]] [--type= gui | headless | separate]";
const RULES: OptionRule[] = [
  { names: ["type"], values: 1 },
  { names: ["putenv", "E"], values: 1 },
];

/** `startvm`: returns when the machine's init runs; its supervisor goes on without this process. */
export const startMachine: Verb = async ({ place, args, print, warn }) => {
  const parsed = parseArguments(args, RULES, USAGE, { least: 1, most: 100 });
  const type = optionValue(parsed, "type") ?? "headless";
  for (const name of parsed.positionals) {
    const machine = findMachine(place, name);
    if (type !== "headless" && type !== "gui" && type !== "separate")
      throw refusal(`Invalid frontend name: '${type}'`);
    if (isOn(machineState(place, machine).state)) throw alreadyOn(machine.name);
    if (machine.isBeingRemoved) throw halfRemoved(machine);
    refuseOutsideAdapters(machine);
    print(`Waiting for VM "${machine.name}" to power on...`);
    const report = await supervise(place, machine);
    if (!report.started)
      throw new VirtualBoxError(
        `The virtual machine '${machine.name}' has terminated unexpectedly during startup: ${report.error}`,
        { code: "NS_ERROR_FAILURE", component: "MachineWrap", interface: "IMachine" },
      );
    for (const warning of report.warnings) warn(`VBoxManage: warning: ${warning}`);
    print(`VM "${machine.name}" has been successfully started.`);
  }
};

function refusal(message: string): VirtualBoxError {
  return new VirtualBoxError(message, {
    code: "NS_ERROR_INVALID_ARG",
    component: "MachineWrap",
    interface: "IMachine",
    context:
      "LaunchVMProcess(a->session, sessionType.raw(), ComSafeArrayAsInParam(aBstrEnv), progress.asOutParam())",
  });
}

function alreadyOn(name: string): VirtualBoxError {
  return new VirtualBoxError(
    `The machine '${name}' is already locked by a session (or being locked or unlocked)`,
    {
      code: "VBOX_E_INVALID_OBJECT_STATE",
      component: "MachineWrap",
      interface: "IMachine",
      context:
        "LaunchVMProcess(a->session, sessionType.raw(), ComSafeArrayAsInParam(aBstrEnv), progress.asOutParam())",
    },
  );
}

function halfRemoved({ name, uuid }: StoredMachine): VirtualBoxError {
  return new VirtualBoxError(
    `The removal of the machine '${name}' was cut off: \`unregistervm ${uuid} --delete\` removes the rest`,
    { code: "NS_ERROR_FAILURE", component: "MachineWrap", interface: "IMachine" },
  );
}

/** A stand-in's machine never touches the host's own network. */
function refuseOutsideAdapters(machine: StoredMachine): void {
  for (const [index, { kind }] of machine.adapters.entries())
    if (kind === "hostonly" || kind === "hostonlynet" || kind === "bridged")
      throw new VirtualBoxError(
        `Adapter ${index + 1} of '${machine.name}' is ${kind}: the stand-in has nat and intnet only, it keeps off the host's network. Use forwards, or VirtualBox`,
        { code: "VBOX_E_NOT_SUPPORTED", component: "MachineWrap", interface: "IMachine" },
      );
}

function supervise(place: Place, machine: StoredMachine): Promise<StartReport> {
  const folder = runFolder(place, machine.uuid);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const log = openSync(join(folder, "supervisor.log"), "a", 0o600);
  const [program = process.execPath, ...args] = rerun("--supervise", machine.uuid);
  const child = spawn(program, args, {
    detached: true,
    cwd: "/",
    stdio: ["ignore", log, log, "ipc"],
    env: {
      PATH: process.env.PATH,
      KUBE_LAB_EMBEDDED_FOLDER: place.folder,
    },
  });
  closeSync(log);
  return new Promise((resolve) => {
    const end = callEnd();
    // The machine goes on to start, as it does where this process ends.
    const leave = () => settle({ started: false, error: "it is waited for no longer" });
    const settle = (report: StartReport) => {
      end?.removeEventListener("abort", leave);
      if (child.connected) child.disconnect();
      child.unref();
      resolve(report);
    };
    child.once("message", (report: StartReport) => settle(report));
    child.once("error", (error) => settle({ started: false, error: error.message }));
    child.once("exit", (code) =>
      settle({ started: false, error: `its supervisor ended with ${code}; see ${folder}/supervisor.log` }),
    );
    end?.addEventListener("abort", leave);
  });
}
