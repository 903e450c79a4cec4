import { join } from "node:path";
import { dump, load } from "js-yaml";
import { Kubectl } from "../../lab/kubectl";
import { eventually } from "./lab-under-test";
import { lab } from "./the-lab";
import { dashboardPod } from "./workload";

/** The dashboard's port and token. */
export function dashboardTests(): void {
  test("has a dashboard behind a port of the host, and lets in who has its token, as an administrator", async () => {
    const { url, token } = lab.outputs.dashboard ?? { url: "", token: "" };
    await lab.kubectl.run(["apply", "--filename=-"], { stdin: dashboardPod("kube-node01") });
    const page = await eventually("the dashboard", 60_000, async () => {
      const answer = await fetch(url, { signal: AbortSignal.timeout(2_000) });
      return answer.ok ? answer.text() : undefined;
    });
    expect(page).toMatch(/in-its-place|Headlamp/);
    await lab.kubectl.run(["delete", "--filename=-"], { stdin: dashboardPod("kube-node01") });

    const { users, ...kubeconfig } = load(lab.outputs.kubeconfig) as { users: { name: string }[] };
    const person = users.map(({ name }) => ({ name, user: { token } }));
    const kubectl = new Kubectl(
      join(lab.setUp.bundle, "bin", "kubectl"),
      dump({ ...kubeconfig, users: person }),
    );
    try {
      expect(await kubectl.run(["auth", "whoami"])).toContain("system:bootstrappers:kube-lab:dashboard");
      expect(await kubectl.run(["auth", "can-i", "*", "*"])).toBe("yes\n");
    } finally {
      kubectl.close();
    }
  });
}
