import { machinesToGo, withoutLeave } from "../../../scripts/lost-machines";
import type { StackResource, StackState } from "../../../scripts/stack";
import { referencePlan } from "../hypervisor/fixtures";

const machine = (name: string) => ({
  name,
  role: "worker" as const,
  address: "192.168.2.13",
  hypervisorName: `kube-lab-dev-${name}`,
});

function stateOf(machines: unknown, ...more: StackResource[]): StackState {
  const root = { urn: "urn:pulumi:dev::kube-lab::pulumi:pulumi:Stack::kube-lab-dev" };
  return {
    deployment: { resources: [{ ...root, type: "pulumi:pulumi:Stack", outputs: { machines } }, ...more] },
  };
}

describe("machines to go", () => {
  const plan = referencePlan();

  it("are those of the last update that the plan has no more", () => {
    const state = stateOf([...plan.machines, machine("kube-node04")]);
    expect(machinesToGo(state, plan)).toEqual([machine("kube-node04")]);
    expect(machinesToGo(stateOf(plan.machines), plan)).toEqual([]);
  });

  it.each([
    ["a stack that is new", { deployment: {} }],
    ["a lab that never came up", stateOf(undefined)],
    ["outputs of another kind", stateOf({ "4dabf18193072939515e22adb298388d": "secret" })],
  ])("are none of %s", (_what, state) => expect(machinesToGo(state, plan)).toEqual([]));
});

test("a lost machine is deleted without a leave, and no other", () => {
  const node = (name: string): StackResource => ({
    urn: `urn:pulumi:dev::kube-lab::command:remote:Command::lab-workers-${name}-node-apply`,
    type: "command:remote:Command",
    inputs: { create: "kube-lab apply", delete: "kube-lab leave" },
    outputs: { create: "kube-lab apply", delete: "kube-lab leave", stdout: "" },
  });
  const { resources = [] } = withoutLeave(stateOf([], node("kube-node03"), node("kube-node04")), [
    machine("kube-node04"),
  ]).deployment;
  expect(resources[1]).toEqual(node("kube-node03"));
  expect(resources[2]).toEqual({
    ...node("kube-node04"),
    inputs: { create: "kube-lab apply" },
    outputs: { create: "kube-lab apply", stdout: "" },
  });
});
