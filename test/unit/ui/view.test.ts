import { healthyChecks, withFailures } from "../../../ui/healthy-checks";
import { labView } from "../../../ui/view";
import { exampleLab } from "../../rendered/example-lab";
import { lookAt, lookAtNothing } from "../../ui/recorded-look";

const plan = exampleLab();

describe("labView", () => {
  test("has every machine with its network, health and own words", () => {
    const checks = withFailures(healthyChecks(plan), [
      { kind: "machine", name: "kube-node02", detail: "stopped; no answer" },
    ]);
    const view = labView(lookAt(plan, checks));
    expect(view.machines.map(({ name }) => name)).toEqual(plan.machines.map(({ name }) => name));
    expect(view.machines.find(({ name }) => name === "kube-node02")).toMatchObject({
      role: "worker",
      network: "node",
      health: "failing",
      detail: "stopped; no answer",
    });
    expect(view).toMatchObject({
      health: "failing",
      summary: `1 of ${checks.length} checks failed.`,
      virtualIp: { address: "192.168.4.20", holder: "hapx-node01" },
    });
  });

  test("says what there is of machines where there is no lab", () => {
    const view = labView(lookAtNothing(plan));
    expect(view).toMatchObject({ health: "unknown", problem: "stack dev has no machines. Run: npm run up" });
    expect(new Set(view.machines.map(({ health, detail }) => `${health}, ${detail}`))).toEqual(
      new Set(["unknown, missing"]),
    );
    expect(view.virtualIp).toEqual({ address: "192.168.4.20" });
  });

  test("tells certificates that are valid, due and expired", () => {
    const states = Object.fromEntries(
      labView(lookAt(plan)).certificates.map(({ name, days, state }) => [name, `${days} ${state}`]),
    );
    expect(states["kubelet-kube-node03"]).toBe("-1 expired");
    expect(states.scheduler).toBe("59 due");
    expect(states["admin-kube-mast01"]).toBe("364 valid");
  });
});
