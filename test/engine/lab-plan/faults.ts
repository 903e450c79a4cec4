import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { template } from "./lab-project";
import { custom, localCalls, machines, project, up } from "./the-lab";

/** What is broken inside, cannot be asked, or is gone. */
export function faultTests(): void {
  test("what is broken inside shows in preview with its reason, and up lets that machine converge again", async () => {
    const fault = "dnsmasq.service is stopped";
    machines.broken.set("gate-node01", fault);
    machines.broken.set("kube-node02", "DaemonSet kube-flannel/kube-flannel-ds is gone");
    expect(custom(await project.preview())).toEqual([
      { op: "update", name: "lab-gateway-gate-node01-node-apply" },
      { op: "update", name: "lab-workers-kube-node02-node-apply" },
    ]);
    expect(await project.run("preview", "--diff")).toContain(
      `sudo kube-lab apply --because '${fault} (since`,
    );
    await up();
    expect(machines.taken().map(({ machine }) => machine)).toEqual(["gate-node01", "kube-node02"]);
    expect(localCalls()).toEqual([]);
    expect(await project.preview()).toEqual([]);
    // The same fault another day is another reason.
    machines.broken.set("gate-node01", fault);
    expect(custom(await project.preview()).map(({ op }) => op)).toEqual(["update"]);
    await up();
    expect(machines.taken().map(({ machine }) => machine)).toEqual(["gate-node01"]);
  });

  test("a preview goes on where nobody answers by SSH, and says so", async () => {
    const file = join(project.folder, ".kube-lab/ssh/test/config");
    const config = readFileSync(file, "utf8");
    expect(statSync(file).mode & 0o777).toBe(0o600);
    writeFileSync(file, config.replace(/Port \d+/, "Port 9"));
    expect(await project.run("preview")).toContain("no machine could be asked what is broken inside");
    writeFileSync(file, config);
    expect(await project.run("preview")).not.toContain("could be asked");
  });

  test("a machine and the template that vanished show in preview, and up brings them back", async () => {
    project.loseMachine("kube-lab-test-kube-mast02");
    project.loseMachine(template);
    const [image, ...steps] = custom(await project.preview());
    expect(image).toEqual({ op: "update", name: "lab-image-template" });
    expect(steps.map(({ name }) => name)).toEqual(
      expect.arrayContaining(["hardware", "seed"].map((role) => `lab-masters-kube-mast02-${role}`)),
    );
    const others = steps.filter(({ name }) => !name.startsWith("lab-masters-kube-mast02-"));
    expect(others.map(({ name }) => name)).toEqual(["lab-seal"]);
    expect(await project.run("preview", "--diff")).toMatch(/INCARNATION\s*: "[^"]+" => "\S+ missing"/);
    await up();
    const calls = ["seed ensure", "machine ensure"].map((verb) => `${verb} kube-lab-test-kube-mast02`);
    expect(localCalls().sort()).toEqual(["image ensure", ...calls, "seed seal"].sort());
    expect(machines.taken().map(({ machine }) => machine)).toEqual(["kube-mast02"]);
    expect(await project.preview()).toEqual([]);
  });
}
