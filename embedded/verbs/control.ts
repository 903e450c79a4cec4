import { SyntaxFailure, VirtualBoxError } from "../errors";
import { withPlaceLock } from "../locks";
import { askSupervisor, type ControlAnswer, type ControlRequest } from "../machine/control";
import type { StoredMachine } from "../machine/record";
import { findMachine, saveMachine } from "../machine/registry";
import { isOn, machineState } from "../machine/state";
import type { Place } from "../place";
import { changeForwards } from "./modify-machine";
import { type Call, PROGRESS, type Verb } from "./verb";

const USAGE =
  "controlvm <uuid | vmname> pause | resume | reset | poweroff | savestate | acpipowerbutton | natpfN <rule | delete name>";

/** `controlvm`: asks the machine's supervisor. */
export const controlMachine: Verb = async (call) => {
  const [name, action, ...values] = call.args;
  if (name === undefined || action === undefined) throw new SyntaxFailure("Not enough parameters", USAGE);
  const machine = findMachine(call.place, name);
  const { state } = machineState(call.place, machine);
  if (!isOn(state)) throw new VirtualBoxError(`Machine '${name}' is not currently running.`);
  const adapter = /^(?:natpf|nat-pf)(\d+)$/.exec(action)?.[1];
  if (adapter !== undefined) return changeForward(call, machine, Number(adapter), values);
  if (values.length > 0) throw new SyntaxFailure(`Invalid parameter '${values[0]}'`, USAGE);
  switch (action) {
    case "poweroff":
      await ask(call.place, machine, { do: action });
      call.warn(PROGRESS);
      return;
    case "reset":
      return ask(call.place, machine, { do: action });
    case "acpipowerbutton":
      if (state === "paused") throw invalidState(machine, "Paused", "PowerButton()");
      return ask(call.place, machine, { do: action });
    case "pause":
      if (state === "paused") throw invalidState(machine, "Paused", "Pause()");
      return ask(call.place, machine, { do: action });
    case "resume":
      if (state !== "paused") throw invalidState(machine, "Running", "Resume()");
      return ask(call.place, machine, { do: action });
    case "savestate":
      throw new VirtualBoxError(
        `Cannot save the state of '${machine.name}': the stand-in's machines are containers, whose memory cannot be saved`,
        { code: "VBOX_E_NOT_SUPPORTED", component: "SessionMachine", interface: "IMachine" },
      );
    default:
      throw new SyntaxFailure(`Invalid parameter '${action}'`, USAGE);
  }
};

async function ask(place: Place, machine: StoredMachine, request: ControlRequest): Promise<void> {
  const answer = await askSupervisor(place, machine.uuid, request).catch(
    (error: NodeJS.ErrnoException): ControlAnswer => {
      // It went off at this moment: a poweroff has what it wants.
      if (request.do === "poweroff" && (error.code === "ENOENT" || error.code === "ECONNREFUSED")) return {};
      throw error;
    },
  );
  if (answer.error !== undefined)
    throw new VirtualBoxError(answer.error, {
      code: "VBOX_E_INVALID_VM_STATE",
      component: "ConsoleWrap",
      interface: "IConsole",
    });
}

function invalidState(machine: StoredMachine, state: string, call: string): VirtualBoxError {
  return new VirtualBoxError(`Invalid machine state: ${state} ('${machine.name}')`, {
    code: "VBOX_E_INVALID_VM_STATE",
    component: "ConsoleWrap",
    interface: "IConsole",
    context: call,
  });
}

/** A rule comes or goes while the machine runs; the record keeps it for the next start. */
async function changeForward(
  call: Call,
  machine: StoredMachine,
  number: number,
  values: string[],
): Promise<void> {
  if (values.length === 0) throw new SyntaxFailure("Missing argument to 'natpf'", USAGE);
  const request = await withPlaceLock(call.place, "registry", (): ControlRequest => {
    const record = findMachine(call.place, machine.uuid);
    const adapter = record.adapters[number - 1];
    if (adapter?.kind !== "nat")
      throw new VirtualBoxError(`NIC ${number} of '${machine.name}' is not attached to NAT`);
    changeForwards(adapter, values, number);
    saveMachine(call.place, record);
    const rule = adapter.forwards.at(-1);
    return values[0] === "delete" || !rule
      ? { do: "removeForward", adapter: number, name: values[1] ?? "" }
      : { do: "addForward", adapter: number, rule };
  });
  const answer = await askSupervisor(call.place, machine.uuid, request);
  if (answer.error !== undefined) call.warn(`VBoxManage: warning: ${answer.error}`);
}
