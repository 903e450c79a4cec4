import { livingReleases, refuseUpgrade } from "../../../components/living-releases";
import type { Observation } from "../../../hypervisor/reality";
import { allRunning, labOf, planOf } from "./lab-in-test";

const plan = planOf({ kubernetes: { version: "1.36.3" } });

function living(facts: Partial<Observation>): Map<string, Observation> {
  const observations = [...allRunning(plan)].map(([name, seen]): [string, Observation] => [
    name,
    { ...seen, ...facts },
  ]);
  return new Map(observations);
}

it("knows the releases that machines were last given, else those that they were born with", () => {
  expect(new Set(livingReleases(plan, living({ releases: "Kubernetes 1.36.2, flannel 0.28.4" })))).toEqual(
    new Set(["1.36.2"]),
  );
  const born = (template: string) => (template === "old" ? "Kubernetes 1.35.1, storage 0.0.30" : undefined);
  expect(new Set(livingReleases(plan, living({ image: "old" }), born))).toEqual(new Set(["1.35.1"]));
  expect(livingReleases(plan, living({ image: "unknown" }), born)).toEqual([]);
});

it("refuses what no upgrade leads to before a machine is described", async () => {
  const observations = living({ releases: "Kubernetes 1.37.0" });
  expect(() => refuseUpgrade(plan, observations)).toThrow(
    /kubernetes.version = "1.36.3".*has 1.37.0 already/s,
  );
  await expect(labOf(plan, { observations })).rejects.toThrow(/kubernetes.version = "1.36.3"/);
});
