import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { parseMachineList } from "../hypervisor/output";
import type { LabPlan } from "../plan/lab-plan";
import { type LabOutputs, type OutputMachine, readMachines } from "./lab-outputs";
import { LabShell } from "./lab-shell";
import type { Stack, StackState } from "./stack";

const execute = promisify(execFile);

/**
 * A machine that the configuration has no more takes itself out of the lab before it goes. One that does not run can't: the
 * first master that answers takes it out, and its leave is struck from the state, or `pulumi up` would wait for its SSH.
 */
export async function giveUpLostMachines(stack: Stack, plan: LabPlan, vboxManage: string): Promise<void> {
  const state = await stack.exportState();
  const going = machinesToGo(state, plan);
  if (going.length === 0) return;
  const { stdout } = await execute(vboxManage, ["list", "runningvms"]);
  const running = parseMachineList(stdout);
  const lost = going.filter(({ hypervisorName }) => !running.has(hypervisorName));
  if (lost.length === 0) return;
  // Without them no lab came up whole: then there is nothing to be taken out of.
  const outputs = await stack.outputs().catch(() => undefined);
  if (outputs === undefined) return;
  for (const { name } of lost)
    console.log(`kube-lab: ${name} is to go and does not run: the others take it out of the lab`);
  await forget(outputs, lost);
  await stack.importState(withoutLeave(state, lost));
}

/** Of the last update's machines those that are not in the plan any more. The state has them in clear. */
export function machinesToGo({ deployment }: StackState, plan: LabPlan): OutputMachine[] {
  const root = deployment.resources?.find(({ type }) => type === "pulumi:pulumi:Stack");
  const wanted = new Set(plan.machines.map(({ name }) => name));
  return readMachines(root?.outputs ?? {}).filter(({ name }) => !wanted.has(name));
}

/** The state in which nothing is done inside these machines before they are deleted. */
export function withoutLeave(state: StackState, lost: readonly OutputMachine[]): StackState {
  const ends = lost.map(({ name }) => `-${name}-node-apply`);
  const resources = (state.deployment.resources ?? []).map((resource) => {
    if (!ends.some((end) => resource.urn.endsWith(end))) return resource;
    const { delete: _in, ...inputs } = resource.inputs ?? {};
    const { delete: _out, ...outputs } = resource.outputs ?? {};
    return { ...resource, inputs, outputs };
  });
  return { ...state, deployment: { ...state.deployment, resources } };
}

/** @throws Error when no master could. */
async function forget(outputs: LabOutputs, lost: readonly OutputMachine[]): Promise<void> {
  const nodes = lost.filter(({ role }) => role === "master" || role === "worker");
  const masters = outputs.machines.filter((machine) => machine.role === "master" && !lost.includes(machine));
  const shell = new LabShell(outputs.access);
  try {
    for (const { name, address } of nodes)
      await onAnyOf(shell, masters, `sudo kube-lab forget ${name} ${address}`);
  } finally {
    await shell.close();
  }
}

async function onAnyOf(shell: LabShell, masters: OutputMachine[], command: string): Promise<void> {
  const refusals: string[] = [];
  for (const { name } of masters) {
    try {
      const { status, stderr } = await shell.run(name, command, { timeoutMs: 120_000 });
      if (status === 0) return;
      refusals.push(`${name}: ${stderr.trim()}`);
    } catch (error) {
      refusals.push((error as Error).message);
    }
  }
  throw new Error(`no master could run "${command}":\n${refusals.join("\n")}`);
}
