import type { Check } from "../../../lab/check";
import { changesBetween } from "../../../lab/happening";
import { healthyChecks, withFailures } from "../../../ui/healthy-checks";
import { exampleLab } from "../../rendered/example-lab";
import { lookAt, lookAtNothing } from "../../ui/recorded-look";

const plan = exampleLab();
const well = lookAt(plan);
const changed = (checks: Check[], before = well) =>
  changesBetween(before, lookAt(plan, checks)).map(
    ({ severity, subject, text }) => `${severity} ${subject}: ${text}`,
  );

describe("changesBetween", () => {
  test("is nothing while all stays as it is, whatever the certificates' days", () => {
    const later = healthyChecks(plan).map((check) =>
      check.kind === "certificate" ? { ...check, detail: "in 363 days" } : check,
    );
    expect(changed(later)).toEqual([]);
  });

  test("tells what fails and what is well again, once each", () => {
    const failing = withFailures(healthyChecks(plan), [
      { kind: "node", name: "kube-node01", detail: "NotReady" },
    ]);
    expect(changed(failing)).toEqual(["bad node kube-node01: NotReady"]);
    expect(changed(failing, lookAt(plan, failing))).toEqual([]);
    expect(changed(healthyChecks(plan), lookAt(plan, failing))).toEqual([
      "good node kube-node01: Ready, v1.36.3, 192.168.2.10",
    ]);
  });

  test("tells a healthy thing's other words, and that the virtual IP has moved", () => {
    const checks = healthyChecks(plan).map((check) => {
      if (check.kind === "virtual IP") return { ...check, name: "hapx-node02" };
      return check.kind === "node" && check.name === "kube-node01"
        ? { ...check, detail: "Ready, cordoned" }
        : check;
    });
    expect(changed(checks)).toEqual([
      "normal node kube-node01: Ready, cordoned",
      "normal virtual IP: hapx-node02 holds it",
    ]);
  });

  test("tells what came and what went", () => {
    const grown = exampleLab({ workers: { count: 4 } });
    expect(changesBetween(well, lookAt(grown)).map(({ subject }) => subject)).toEqual([
      "machine kube-node04",
      "node kube-node04",
    ]);
    expect(changesBetween(lookAt(grown), well).map(({ text }) => text)).toEqual(["is gone", "is gone"]);
  });

  test("tells in one line that the lab went, and that it is back", () => {
    const gone = lookAtNothing(plan);
    expect(changesBetween(well, gone)).toMatchObject([{ severity: "bad", text: gone.problem }]);
    expect(changesBetween(gone, gone)).toEqual([]);
    expect(changesBetween(gone, well)).toMatchObject([{ severity: "good" }]);
  });
});
