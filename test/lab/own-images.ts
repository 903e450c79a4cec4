import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { eventuallyHealthy } from "./health";
import { lab } from "./the-lab";
import { pods } from "./workload";

/** An image that no registry has: the bundle's toolbox by another name. */
const image = "only.invalid/shop:1";

/** Images of a person's own, without a registry. */
export function ownImageTests(): void {
  const workers = () => lab.outputs.machines.filter(({ role }) => role === "worker").map(({ name }) => name);
  const load = (...words: string[]) =>
    execFileSync("npm", ["run", "--silent", "load", "--", "--stack", lab.name, ...words], {
      encoding: "utf8",
    });

  async function runOnEachWorker(): Promise<void> {
    await lab.kubectl.run(["apply", "--filename=-"], { stdin: pods(workers(), image) });
    await lab.kubectl.run(["wait", "--for=condition=Ready", "pod", "--selector=app=echo", "--timeout=120s"], {
      timeoutMs: 130_000,
    });
    await lab.kubectl.run(["delete", "--filename=-"], { stdin: pods(workers(), image), timeoutMs: 120_000 });
  }

  test("an image that no registry has runs on every worker, and on one that is recreated", async () => {
    const archive = retagged(join(lab.setUp.bundle, "images", "toolbox.tar"));
    expect(load(archive)).toContain(`image: ${image}`);
    await runOnEachWorker();
    const [lost] = lab.outputs.machines.filter(({ role }) => role === "worker");
    await lab.vboxManage("controlvm", lost?.hypervisorName ?? "", "poweroff");
    await lab.vboxManage("unregistervm", lost?.hypervisorName ?? "", "--delete");
    expect(await lab.stack.text(["preview", "--diff"])).toContain(image);
    await lab.up();
    await runOnEachWorker();
    expect(load("--list")).toMatch(new RegExp(`${image} .*${workers().length} of ${workers().length}`));
    await eventuallyHealthy();
  });

  test("an image that is removed is gone from every machine, and leaves nothing to change", async () => {
    load("--remove", image);
    for (const worker of workers())
      expect(await lab.on(worker, "sudo crictl images --output json")).not.toContain(image);
    await lab.up();
    expect(await lab.stack.text(["up", "--yes", "--expect-no-changes"])).not.toMatch(/^\s*[-+~]/m);
  });
}

/** @returns the archive's path */
function retagged(archive: string): string {
  const folder = join(lab.setUp.project, ".kube-lab", "test", "own-image");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  execFileSync("tar", ["--extract", "--file", archive, "--directory", folder]);
  const list = join(folder, "manifest.json");
  const images = JSON.parse(readFileSync(list, "utf8")) as Record<string, unknown>[];
  writeFileSync(list, JSON.stringify(images.map((each) => ({ ...each, RepoTags: [image] }))));
  const made = `${folder}.tar`;
  execFileSync("tar", ["--create", "--file", made, "--directory", folder, "."]);
  return made;
}
