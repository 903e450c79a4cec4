import { keptSettings } from "../../../plan/config/changes";
import { changesOf, withChanges } from "../../unit/plan/changes";
import { selfSigned } from "../../unit/plan/self-signed";
import { configure, localCalls, machines, project, up } from "./the-lab";

/** What a lab that lives keeps, whatever is configured. */
export function refusalTests(): void {
  test("every key that is for a new lab only is refused at once, by preview and up, before anything is touched", async () => {
    const changes = changesOf(await selfSigned(true));
    const kept = keptSettings().map(([key]) => key);
    configure(withChanges(kept.map((key) => [key, changes[key] ?? { value: undefined }])));
    for (const command of [["preview"], ["up", "--yes", "--skip-preview"]]) {
      const refusal = await project.run(...command).then(
        () => "nothing was refused",
        ({ message }: Error) => message,
      );
      expect(kept.filter((key) => !refusal.includes(`kube-lab:${key} = `))).toEqual([]);
      expect(refusal).toContain("the lab that lives was made with 10.96.0.0/12: services keep the addresses");
      expect(refusal).toMatch(
        /fix: +pulumi config rm --path kubernetes.serviceSubnet, or a new lab: another stack/,
      );
      expect(refusal).not.toMatch(/PRIVATE KEY| at \S+:\d+:\d+/);
    }
    expect([localCalls(), machines.taken()]).toEqual([[], []]);
  });

  test("a lab stays on its hypervisor whatever fits the computer today, also where its record or place is lost", async () => {
    configure({ gluster: { cpus: 1 }, masters: { count: 3 }, image: { rootDiskGiB: 31 } });
    project.chooseHypervisor("embedded");
    expect(await project.preview()).toEqual([]);
    project.loseRecord();
    expect(await project.preview()).toEqual([{ op: "update", name: "lab-network-host" }]);
    project.forgetPlace();
    expect(await project.preview()).toEqual([{ op: "update", name: "lab-network-host" }]);
    await up();
    expect(localCalls()).toEqual(["network ensure"]);
    expect(await project.preview()).toEqual([]);
  });
}
