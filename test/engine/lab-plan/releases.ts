import { configure, custom, localCalls, machines, names, project, up, workers } from "./the-lab";

/** Another release of Kubernetes. */
export function releaseTests(): void {
  test("another release of Kubernetes comes to all images first, then to masters, then to workers, one after another", async () => {
    const to = (version: string, more = {}) =>
      configure({
        ...{ gluster: { cpus: 1 }, masters: { count: 3 }, image: { rootDiskGiB: 31 } },
        kubernetes: { version },
        ...more,
      });
    // Set-up makes no base disk for it: every machine keeps its image.
    to("1.36.9");
    const nodes = names.filter((name) => name.startsWith("kube-"));
    const steps = custom(await project.preview());
    expect(steps.filter(({ op }) => op !== "update")).toEqual([]);
    const ofNode = (name: string) => `lab-${name.includes("mast") ? "masters" : "workers"}-${name}-hardware`;
    expect(steps.flatMap(({ name }) => (/-(hardware|images)$/.test(name) ? [name] : []))).toEqual(
      [...nodes.map(ofNode), "lab-releases-images"].sort(),
    );
    await up();
    const told = machines.taken().map(({ machine }) => machine);
    expect(told.filter((name) => nodes.includes(name))).toEqual(nodes);
    expect(localCalls()[0]).toBe("releases ensure");
    expect(await project.preview()).toEqual([]);
    const bothRefuse = async (reason: RegExp) => {
      for (const words of [["preview"], ["up", "--yes", "--skip-preview"]])
        await expect(project.run(...words)).rejects.toThrow(reason);
    };
    to("1.36.9", workers(4));
    await bothRefuse(/there is no base disk for it \(built, 31 GiB, plain, Kubernetes 1\.36\.9.*npm run up/s);
    to("1.36.3");
    await bothRefuse(/kubernetes.version.*no way back/s);
    expect([localCalls(), machines.taken()]).toEqual([[], []]);
  });
}
