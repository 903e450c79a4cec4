import { stopStages } from "../../../plan/stop-order";
import { referencePlan } from "../hypervisor/fixtures";

const stagesOf = (raw: object) =>
  stopStages(referencePlan(raw).machines).map((stage) => stage.map(({ name }) => name));

test("clients stop before what they use, the gateway last", () => {
  expect(stagesOf({})).toEqual([
    ["kube-node01", "kube-node02", "kube-node03"],
    ["hapx-node01", "hapx-node02"],
    ["kube-mast01", "kube-mast02", "kube-mast03"],
    ["glus-node01", "glus-node02", "glus-node03"],
    ["gate-node01"],
  ]);
});

test("a role without machines is no stage", () => {
  const lean = {
    workers: { count: 0 },
    gluster: { count: 0 },
    masters: { count: 1 },
    loadBalancers: { count: 1 },
  };
  expect(stagesOf(lean)).toEqual([["hapx-node01"], ["kube-mast01"], ["gate-node01"]]);
});
