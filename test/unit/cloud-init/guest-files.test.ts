import { load, loadAll, YAML11_SCHEMA } from "js-yaml";
import { guestFiles } from "../../../cloud-init/guest-files";
import type { LabPlan, MachinePlan } from "../../../plan/lab-plan";
import { exampleCredentials } from "../../rendered/example-credentials";
import { allRoles, exampleLab, firstOf } from "../../rendered/example-lab";

const plan = exampleLab();

function filesOf(machine: MachinePlan, of: LabPlan = plan) {
  const files = guestFiles(of, machine, exampleCredentials(of, machine));
  return new Map(files.map((file) => [file.path, file]));
}

describe.each(allRoles)("files of %s", (role) => {
  const files = filesOf(firstOf(plan, role));

  test("have absolute paths, each once, and modes of four digits", () => {
    const list = guestFiles(plan, firstOf(plan, role), exampleCredentials(plan, firstOf(plan, role)));
    expect(new Set(list.map(({ path }) => path)).size).toBe(list.length);
    for (const { path, mode } of list) {
      expect(path).toMatch(/^\/[\w./+@-]+$/);
      expect(mode).toMatch(/^0[0-7]{3}$/);
    }
  });

  test("keep private keys and tokens from everybody but root", () => {
    for (const { path, mode, content } of files.values()) {
      if (/PRIVATE KEY|client-key-data|a-statistics-password|0123456789abcdef|an-etcd-token/.test(content)) {
        expect(`${path} ${mode}`).toBe(`${path} 0600`);
      }
    }
  });

  test("end with a digest that changes with any of them", () => {
    const machine = firstOf(plan, role);
    const credentials = exampleCredentials(plan, machine);
    const digest = (key: string) => guestFiles(plan, machine, { ...credentials, authorizedKey: key }).at(-1);
    expect(digest("ssh-ed25519 A")?.path).toBe("/etc/kube-lab/digest");
    expect(digest("ssh-ed25519 A")).toEqual(digest("ssh-ed25519 A"));
    expect(digest("ssh-ed25519 A")).not.toEqual(digest("ssh-ed25519 B"));
  });
});

test("a worker gets no authority's key and nothing of the control plane", () => {
  const files = [...filesOf(firstOf(plan, "worker")).values()];
  expect(files.filter(({ path }) => path.startsWith("/etc/kubernetes/"))).toEqual([]);
  const keys = files.filter(({ content }) => /PRIVATE KEY|client-key-data|token/i.test(content));
  expect(keys.map(({ path }) => path).filter((path) => !path.endsWith(".sh"))).toEqual([
    "/etc/ssh/ssh_host_ed25519_key",
    "/var/lib/kubelet/pki/kubelet.key",
  ]);
});

test("a master's kubelet gets a certificate to serve with only where metrics-server looks at it", () => {
  const on = exampleLab({ addons: { metricsServer: { enabled: true } } });
  const paths = (of: LabPlan) => [...filesOf(firstOf(of, "master"), of).keys()];
  expect(paths(on)).toContain("/var/lib/kubelet/pki/kubelet.crt");
  expect(paths(plan)).not.toContain("/var/lib/kubelet/pki/kubelet.crt");
});

test("another worker changes nothing of a machine but the names it knows", () => {
  const more = exampleLab({ workers: { count: 4 } });
  for (const role of allRoles) {
    const before = filesOf(firstOf(plan, role));
    const after = filesOf(firstOf(more, role), more);
    const changed = [...after].filter(
      ([path, file]) => before.get(path)?.content !== file.content && !/key|crt|conf$/.test(path),
    );
    expect(changed.map(([path]) => path)).toEqual(["/etc/hosts", "/etc/kube-lab/digest"]);
  }
});

describe("kubeadm's documents", () => {
  const documents = (machine: MachinePlan, name: string) => {
    const content = filesOf(machine).get(`/etc/kube-lab/${name}`)?.content ?? "";
    return loadAll(content) as Record<string, never>[];
  };

  test("a master's init names itself and the virtual address, and stores nothing of the first etcd cluster", () => {
    const master = firstOf(plan, "master");
    const [init, cluster] = documents(master, "kubeadm-init.yaml");
    expect(init).toMatchObject({
      kind: "InitConfiguration",
      localAPIEndpoint: { advertiseAddress: master.address },
      patches: { directory: "/etc/kube-lab/patches-init" },
    });
    expect(cluster).toMatchObject({
      kind: "ClusterConfiguration",
      kubernetesVersion: `v${plan.kubernetes.version}`,
      controlPlaneEndpoint: `${plan.virtualIp}:6443`,
    });
    expect(JSON.stringify(cluster)).not.toContain("initial-cluster");
  });

  test("all first masters are named by the patch of etcd", () => {
    const patch = filesOf(firstOf(plan, "master")).get("/etc/kube-lab/patches-init/etcd0+json.json");
    const [members] = JSON.parse(patch?.content ?? "[]") as { value: string }[];
    expect(members?.value.match(/kube-mast0\d=https:\/\/192\.168\.1\.1\d:2380/g)).toHaveLength(3);
  });

  test("a worker joins without a control plane, a master with one", () => {
    expect(documents(firstOf(plan, "worker"), "kubeadm-join.yaml")[0]).not.toHaveProperty("controlPlane");
    expect(documents(firstOf(plan, "master"), "kubeadm-join.yaml")[0]).toHaveProperty("controlPlane");
  });

  test("masters do the work where there are no workers", () => {
    const alone = exampleLab({ workers: { count: 0 } });
    const content = filesOf(firstOf(alone, "master"), alone).get("/etc/kube-lab/kubeadm-init.yaml")?.content;
    expect(content).toContain("taints: []");
  });
});

test("the list of the add-ons carries their digest", () => {
  const content = filesOf(firstOf(plan, "master")).get("/etc/kube-lab/addons.json")?.content ?? "";
  expect(JSON.parse(content)).toMatchObject({
    kind: "ConfigMap",
    data: { digest: expect.stringMatching(/^[0-9a-f]{64}$/) },
  });
});

test("YAML means the same to readers of YAML 1.1", () => {
  for (const { path, content } of filesOf(firstOf(plan, "master")).values()) {
    if (!/\.yaml$|\.conf$/.test(path) || !content.startsWith("apiVersion")) continue;
    expect(load(content, { schema: YAML11_SCHEMA })).toEqual(load(content));
  }
});
