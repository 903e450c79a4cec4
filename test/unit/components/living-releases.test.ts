import { refuseUpgrade } from "../../../components/births";
import { livingReleases, nodesOf } from "../../../components/living-releases";
import type { Guest } from "../../../hypervisor/guest/guest-access";
import type { Observation } from "../../../hypervisor/reality/observation";
import { releasesOf, releasesText } from "../../../plan/releases";
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

it("believes a machine that says what it runs more than what it was given", () => {
  const inside = (kubernetes: string) => ({ since: 1, faults: [], kubernetes });
  const given = { releases: "Kubernetes 1.36.4, flannel 0.28.4" };
  expect(new Set(livingReleases(plan, living({ ...given, inside: inside("1.36.2") })))).toEqual(
    new Set(["1.36.2"]),
  );
  expect(() => refuseUpgrade(plan, living({ ...given, inside: inside("1.36.2") }))).not.toThrow();
  for (const known of [inside("1.36.4"), "no answer" as const, { since: 1, faults: [] }])
    expect(() => refuseUpgrade(plan, living({ ...given, inside: known }))).toThrow(/has 1.36.4 already/);
});

it("refuses what no upgrade leads to before a machine is described", async () => {
  const observations = living({ releases: "Kubernetes 1.37.0" });
  expect(() => refuseUpgrade(plan, observations)).toThrow(
    /kubernetes.version = "1.36.3".*has 1.37.0 already/s,
  );
  await expect(labOf(plan, { observations })).rejects.toThrow(/kubernetes.version = "1.36.3"/);
});

it("refuses the same of a lab that is off", () => {
  const observations = living({ state: "stopped", releases: "Kubernetes 1.37.0" });
  expect(() => refuseUpgrade(plan, observations)).toThrow(/has 1.37.0 already/);
});

describe("an upgrade", () => {
  const of = (name: string, end: string) =>
    `lab-${name.includes("mast") ? "masters" : "workers"}-${name}-${end}`;
  const older = "Kubernetes 1.36.2, flannel 0.28.4";
  const now = releasesText(releasesOf(plan));

  it("begins with the images, on all that runs and has them not, before any of them is changed", async () => {
    const observations = living({ releases: older });
    const { resource } = await labOf(plan, { observations });
    const images = resource("lab-releases-images");
    expect(images.dependencies).toContain("lab-gateway-gate-node01-node-apply");
    expect(images.ignoreChanges).toEqual([]);
    expect(JSON.parse(String(plain(images.inputs.stdin))).peers.map(({ name }: Guest) => name)).toEqual(
      nodesOf(plan).map(({ name }) => name),
    );
    for (const { name } of nodesOf(plan))
      expect(resource(of(name, "hardware")).dependencies).toContain("lab-releases-images");
  });

  it("takes nobody's time when nothing is lacking: no machine is asked, and none that is made waits", async () => {
    const { resource } = await labOf(plan, { observations: living({ releases: now }) });
    const images = resource("lab-releases-images");
    expect(images.ignoreChanges).toEqual(["stdin"]);
    expect(images.dependencies).not.toContain("lab-gateway-gate-node01-node-apply");
    expect(JSON.parse(String(plain(images.inputs.stdin))).peers).toEqual([]);
    const fresh = await labOf(plan);
    expect(fresh.resource(of("kube-mast01", "hardware")).dependencies).not.toContain("lab-releases-images");
  });

  it("comes to the workers after the last master, to one after the other", async () => {
    const { resource } = await labOf(plan, { observations: living({ releases: older }) });
    for (const name of ["kube-node01", "kube-node02", "kube-node03"])
      expect(resource(of(name, "node-apply")).dependencies).toContain(of("kube-mast03", "node-apply"));
    expect(resource(of("kube-node02", "hardware")).dependencies).toContain(of("kube-node01", "node-apply"));
  });

  it("has a worker that is off wait for the masters, too, and start meanwhile", async () => {
    const observations = living({ releases: older });
    const off = observations.get("kube-node02");
    if (off) observations.set("kube-node02", { ...off, state: "stopped" });
    const { resource } = await labOf(plan, { observations });
    expect(resource(of("kube-node02", "node-apply")).dependencies).toContain(of("kube-mast03", "node-apply"));
    expect(resource(of("kube-node02", "hardware")).dependencies).not.toContain("lab-releases-images");
  });

  it("that was cut off goes on in turn, whatever the machines were told already", async () => {
    const { resource } = await labOf(plan, { observations: living({ releases: now, volume: true }) });
    expect(resource(of("kube-node01", "node-apply")).dependencies).toContain(of("kube-mast03", "node-apply"));
    expect(resource(of("kube-node02", "hardware")).dependencies).toContain(of("kube-node01", "node-apply"));
  });

  it("is why workers wait for masters, and nothing else is", async () => {
    const { resource } = await labOf(plan, { observations: living({ releases: now }) });
    expect(resource(of("kube-node01", "node-apply")).dependencies).not.toContain(
      of("kube-mast03", "node-apply"),
    );
  });
});

/** What is in a secret. */
function plain(value: unknown): unknown {
  return typeof value === "object" && value !== null && "secret" in value ? value.secret : value;
}
