import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Happening } from "../../lab/happening";
import { KubernetesEvents } from "../../lab/kubernetes-events";
import { LabWatcher } from "../../lab/watcher";
import { labView } from "../../ui/view";
import { inEtcd } from "./in-etcd";
import { eventually } from "./lab-under-test";
import { lab } from "./the-lab";

/** What can be seen of the lab, and that no secret can. */
export function secrecyTests(): void {
  test("is on the page with its machines and events, and without its secrets", async () => {
    const told: Happening[] = [];
    const kubectl = join(lab.setUp.bundle, "bin", "kubectl");
    const events = new KubernetesEvents(kubectl, (happening) => told.push(happening));
    const watcher = new LabWatcher(lab.stack);
    try {
      const view = labView(await watcher.look());
      await events.follow(watcher.kubeconfig);
      expect(view.problem).toBeUndefined();
      expect(view.machines.filter(({ health }) => health === "healthy")).toHaveLength(12);
      expect(view.certificates.length).toBeGreaterThan(20);
      await eventually("an event of a node", 30_000, async () =>
        told.find(({ subject }) => subject === "Node kube-mast01"),
      );
      for (const secret of await secrets()) expect(JSON.stringify([view, told]).includes(secret)).toBe(false);
    } finally {
      await events.close();
      await watcher.close();
    }
  });

  test("has its secrets encrypted in etcd", async () => {
    await lab.kubectl.run(["create", "secret", "generic", "hidden", "--from-literal=word=hidden"]);
    expect(await inEtcd(lab, "hidden")).toMatch(/^k8s:enc:secretbox:v1:k/);
    await lab.kubectl.run(["delete", "secret", "hidden"]);
  });

  test("keeps its secrets out of state, processes and logs", async () => {
    const state = filesBelow(join(lab.setUp.project, ".kube-lab", "state")).map((file) =>
      readFileSync(file, "latin1"),
    );
    const processes = execFileSync("ps", ["-e", "-ww", "-o", "args="], { encoding: "latin1" });
    const guests = await Promise.all(
      lab.outputs.machines.map(async ({ name }) =>
        lab.on(
          name,
          "sudo sh -c 'journalctl --no-pager --output=cat; cat /var/log/cloud-init*.log; ps -e -ww -o args='",
        ),
      ),
    );
    const known = await secrets();
    for (const text of [...state, processes, ...guests]) {
      expect(text).not.toMatch(/BEGIN [A-Z ]*PRIVATE KEY/);
      for (const secret of known) expect(text.includes(secret)).toBe(false);
    }
  });
}

/** A line out of each private key, the authorities' too, and the passwords. */
async function secrets(): Promise<string[]> {
  const authorities = await lab.on(
    "kube-mast01",
    "cd /etc/kubernetes/pki && sudo sed -s -n 2p ca.key etcd/ca.key front-proxy-ca.key",
  );
  const encryption = (await lab.on("kube-mast01", "sudo cat /etc/kube-lab/encryption-key")).trim();
  const found = Object.values(lab.outputs.privateKeys)
    .flatMap((key) => key.trim().split("\n").slice(1, 2))
    .concat(authorities.trim().split("\n"))
    .concat(encryption, Buffer.from(encryption, "base64").toString())
    .concat(lab.outputs.statistics.password, lab.outputs.dashboard?.token ?? [])
    .filter((secret) => secret.length >= 16);
  expect(found.length).toBeGreaterThan(30);
  return found;
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((name) => join(folder, name))
    .filter((file) => statSync(file).isFile());
}
