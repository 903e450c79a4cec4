import { localCalls, machines, names, project, up } from "./the-lab";

/** A lab that is made, and one that is there already. */
export function creationTests(): void {
  test("the first up makes every machine once and waits for its node", async () => {
    await up();
    expect(
      machines
        .taken()
        .map(({ machine }) => machine)
        .sort(),
    ).toEqual([...names].sort());
    const calls = localCalls();
    for (const verb of ["seed ensure", "machine ensure"])
      expect(calls.filter((call) => call.startsWith(verb)).sort()).toEqual(
        names.map((name) => `${verb} kube-lab-test-${name}`).sort(),
      );
    const gluster = names.filter((name) => name.startsWith("glus-"));
    for (const [disk, machine] of gluster.map((name) => [
      `disk ensure kube-lab-test-${name}`,
      `machine ensure kube-lab-test-${name}`,
    ]))
      expect(calls.indexOf(disk ?? "")).toBeLessThan(calls.indexOf(machine ?? ""));
    const lastStart = calls.findLastIndex((call) => call.startsWith("machine ensure"));
    expect(calls.slice(lastStart + 1)).toEqual(["seed seal"]);
    const ofTheLab = calls.slice(0, lastStart).filter((call) => !call.includes(" kube-lab-test-"));
    expect(ofTheLab.sort()).toEqual(["image ensure", "network ensure", "releases ensure"]);
  });

  test("a second up and its preview change nothing", async () => {
    expect(await project.preview()).toEqual([]);
    expect(await up()).toMatch(/Resources:\s+\d+ unchanged/);
    expect(localCalls()).toEqual([]);
    expect(machines.taken()).toEqual([]);
  });

  test("a lab that an earlier version has made, whose components it knew by other types, is the same lab", async () => {
    project.nameTypesAsBefore();
    expect(project.resources().some(({ type }) => type === "lab:index:Masters")).toBe(true);
    expect(await project.preview()).toEqual([]);
    expect(await up()).toMatch(/Resources:\s+\d+ unchanged/);
    expect([localCalls(), machines.taken()]).toEqual([[], []]);
    expect(project.resources().filter(({ urn }) => /(::|\$)lab:index:/.test(urn))).toEqual([]);
  });
}
