import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { observeStates } from "../../hypervisor/reality/reality";
import { backUp } from "../../scripts/backup/back-up";
import { unsealed } from "../../scripts/backup/vault";
import { planRestore, restore } from "../../scripts/restore/restore";
import { eventuallyHealthy } from "./health";
import { eventually } from "./lab-under-test";
import { nodesWithOwn } from "./own-parts";
import { lab, ownLabel } from "./the-lab";

/** What is broken inside machines and cluster, and data that is lost with most masters. */
export function insideTests(): void {
  test("what is broken inside shows in status and preview, and up repairs it", async () => {
    await lab.on("gate-node01", "sudo systemctl stop dnsmasq");
    await lab.on("hapx-node02", "echo '# edited' | sudo tee -a /etc/haproxy/haproxy.cfg");
    await lab.kubectl.run(["delete", "daemonset", "--namespace=kube-flannel", "kube-flannel-ds"]);
    await lab.kubectl.run(["label", "node", "kube-node03", `${ownLabel}=hdd`, "--overwrite"]);
    const ailments = (await lab.ailments()).join("\n");
    const faults = [
      "node kube-node03 has other labels or taints than the configuration gives it",
      "dnsmasq.service is stopped",
      "/etc/haproxy/haproxy.cfg was edited",
      "DaemonSet kube-flannel/kube-flannel-ds is gone",
    ];
    for (const fault of faults) expect(ailments).toContain(fault);
    // A busy computer's machines may not have answered a preview in its time.
    await eventually("a preview that names what is broken", 300_000, async () => {
      const preview = await lab.stack.text(["preview", "--diff"]);
      for (const fault of faults) expect(preview).toContain(fault);
      return true;
    });
    expect(ailments).toContain("no answer for api.kube.local");
    // What did not answer in time is named, and up repairs it the next time.
    await eventually("an up that all machines have answered", 300_000, async () =>
      /could be asked/.test(await lab.up()) ? undefined : true,
    );
    expect(await lab.stack.text(["preview", "--expect-no-changes"])).not.toMatch(/^\s*[-+~]/m);
    await eventuallyHealthy();
    expect(await nodesWithOwn()).toEqual([["kube-node03", "ssd", "PreferNoSchedule"]]);
  });

  test("a backup comes back after two of three masters are lost for good, and new ones join", async () => {
    const folder = mkdtempSync(join(tmpdir(), "kube-lab-backup-"));
    const file = join(folder, "lab.backup");
    await lab.kubectl.run(["create", "configmap", "kept"]);
    const about = await backUp(await lab.existing(), file, "open sesame");
    await lab.kubectl.run(["create", "configmap", "lost"]);
    const lost = ["kube-mast01", "kube-mast03"];
    for (const { name, hypervisorName } of lab.outputs.machines) {
      if (!lost.includes(name)) continue;
      await lab.vboxManage("controlvm", hypervisorName, "poweroff");
      await lab.vboxManage("unregistervm", hypervisorName, "--delete");
    }
    const existing = await lab.existing();
    const states = await observeStates(existing.vbox, existing.outputs.machines);
    const plan = await planRestore(existing, states, about, lab.shell, undefined);
    expect(plan.members.map(({ name }) => name)).toEqual(["kube-mast02"]);
    await restore(unsealed(readFileSync(file), "open sesame").content, plan, lab.shell);
    rmSync(folder, { recursive: true });
    const kept = await eventually("the API with the data of the backup", 60_000, () =>
      lab.kubectl.run(["get", "configmaps", "--output=name"]),
    );
    expect(kept).toContain("configmap/kept\n");
    expect(kept).not.toContain("configmap/lost\n");
    await lab.up();
    await eventuallyHealthy();
    await lab.kubectl.run(["delete", "configmap", "kept"]);
  });
}
