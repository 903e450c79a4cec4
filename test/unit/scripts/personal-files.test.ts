import { load } from "js-yaml";
import { kubeconfigPath, withLabContext, withoutLabContext } from "../../../scripts/host/kubeconfig-file";
import { fromAnywhere, withInclude, withoutInclude } from "../../../scripts/host/ssh-include";

const lab = `
clusters: [{ name: kube-lab-dev, cluster: { server: "https://127.0.0.1:18080" } }]
contexts: [{ name: admin@kube-lab-dev, context: { cluster: kube-lab-dev, user: admin } }]
users: [{ name: kube-lab-dev-admin, user: { client-key-data: a2V5 } }]
current-context: admin@kube-lab-dev
`;
const own = `apiVersion: v1
kind: Config
clusters:
  - name: work
    cluster:
      server: https://work
contexts:
  - name: work
    context:
      cluster: work
      user: me
users:
  - name: me
    user: {}
current-context: work
preferences:
  colors: true
`;

describe("a person's kubeconfig", () => {
  it("gets the lab's context beside its own, which stays the current one", () => {
    const merged = load(withLabContext(own, lab)) as Record<string, { name: string }[]>;
    expect(merged.clusters?.map(({ name }) => name)).toEqual(["work", "kube-lab-dev"]);
    expect(merged.users?.map(({ name }) => name)).toEqual(["me", "kube-lab-dev-admin"]);
    expect(merged["current-context"]).toBe("work");
    expect(merged.preferences).toEqual({ colors: true });
  });

  it("has the lab once however often it is added, and is as before when it is taken out", () => {
    const twice = withLabContext(withLabContext(own, lab), lab);
    expect((load(twice) as Record<string, unknown[]>).contexts).toHaveLength(2);
    expect(load(withoutLabContext(twice, lab))).toEqual(load(own));
    expect(withoutLabContext(own, lab)).toBe(own);
  });

  it("may be new: then the lab is what kubectl asks, and nobody afterwards", () => {
    const fresh = withLabContext("", lab);
    expect(load(fresh)).toMatchObject({ kind: "Config", "current-context": "admin@kube-lab-dev" });
    expect(load(withoutLabContext(fresh, lab))).toMatchObject({ clusters: [], "current-context": "" });
  });

  it("is the first that KUBECONFIG names", () => {
    const home = process.platform === "win32" ? "C:\\home" : "/home/me";
    expect(kubeconfigPath({ KUBECONFIG: "mine" }, home)).toBe("mine");
    expect(kubeconfigPath({ KUBECONFIG: "" }, home)).toMatch(/\.kube.config$/);
  });
});

describe("a person's ssh configuration", () => {
  const config = "Host *\n  ForwardAgent yes\n";
  const file = "/project/.kube-lab/ssh-include-dev";

  it("includes the lab's before all else, once, and is as before when that is taken out", () => {
    const added = withInclude(withInclude(config, file), file);
    expect(added).toBe(`Include "${file}"\n${config}`);
    expect(withoutInclude(added, file)).toBe(config);
    expect(withoutInclude(config, file)).toBe(config);
  });

  it("finds the lab's key from any folder", () => {
    const relative = 'IdentityFile ".kube-lab/ssh/dev/id_ed25519"\n';
    expect(fromAnywhere(relative, "/100% mine")).toBe(
      'IdentityFile "/100%% mine/.kube-lab/ssh/dev/id_ed25519"\n',
    );
  });
});
