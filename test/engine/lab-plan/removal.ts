import { existsSync } from "node:fs";
import { join } from "node:path";
import { localCalls, machines, names, project, run } from "./the-lab";

/** The end of a lab. */
export function removalTests(): void {
  test("destroy drains nobody and leaves no machine and no resource", async () => {
    await run("destroy", "--yes", "--skip-preview");
    expect(machines.taken()).toEqual([]);
    const calls = localCalls();
    expect(calls.filter((call) => call.startsWith("machine absent"))).toHaveLength(12);
    expect(calls.filter((call) => call.startsWith("node leave"))).toEqual([]);
    for (const name of names.filter((each) => each.startsWith("glus-")))
      expect(calls.indexOf(`machine absent kube-lab-test-${name}`)).toBeLessThan(
        calls.indexOf(`disk absent kube-lab-test-${name}`),
      );
    expect(calls.at(-1)).toBe("network absent");
    expect(project.resources()).toEqual([]);
    expect(existsSync(join(project.folder, ".kube-lab/ssh/test"))).toBe(false);
  });
}
