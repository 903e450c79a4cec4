import { load } from "js-yaml";
import { apiServerFiles, apiServerFlags, apiServerMounts } from "../../../cloud-init/kubernetes/api-server";
import { settingsPatches } from "../../../cloud-init/kubernetes/settings";
import { parseConfiguration } from "../../../plan/config/configuration";
import { planLab } from "../../../plan/plan";

const planOf = (kubernetes: Record<string, unknown>) => planLab(parseConfiguration({ kubernetes }), "dev");
const authority = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";

test("an API server of which nothing is said has beside kubeadm's what it reads secrets with, whether it encrypts them or not", () => {
  for (const encryptionAtRest of [true, false]) {
    const plan = planOf({ encryptionAtRest });
    expect(apiServerFiles(plan)).toEqual([]);
    expect(apiServerFlags(plan)).toEqual([
      "--encryption-provider-config=/etc/kubernetes/encryption/providers.yaml",
    ]);
    expect(apiServerMounts(plan)).toContainEqual({
      op: "add",
      path: "/spec/containers/0/volumeMounts/-",
      value: { name: "lab-encryption", mountPath: "/etc/kubernetes/encryption", readOnly: true },
    });
    expect(settingsPatches(plan, ["/patches"]).map(({ path }) => path)).toEqual([
      "/patches/kube-apiserver2+json.json",
    ]);
  }
});

test("every file that a flag names is delivered, and seen by the program; another content is another name", () => {
  const oidc = { issuer: "https://id.example", clientId: "lab", authority };
  const plan = planOf({ audit: { level: "Request" }, podSecurity: "baseline", oidc });
  const named = apiServerFlags(plan).flatMap(
    (flag) => /=\/etc\/kubernetes\/api-server\/(.*)$/.exec(flag)?.[1] ?? [],
  );
  expect(named).toHaveLength(3);
  expect(apiServerFiles(plan).map(({ path }) => path)).toEqual(
    named.map((name) => `/etc/kube-lab/api-server/${name}`),
  );
  expect(apiServerMounts(plan)).toContainEqual({
    op: "add",
    path: "/spec/containers/0/volumeMounts/-",
    value: { name: "lab-files", mountPath: "/etc/kubernetes/api-server", readOnly: true },
  });
  const other = planOf({ audit: { level: "Metadata" }, podSecurity: "baseline", oidc });
  const changed = apiServerFlags(other).filter((flag) => !apiServerFlags(plan).includes(flag));
  expect(changed).toEqual([expect.stringMatching(/^--audit-policy-file=/)]);
});

test("a policy of one's own is taken as it is, and log files are rotated", () => {
  const policy = "apiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n  - level: Metadata\n";
  const plan = planOf({ audit: { policy } });
  expect(apiServerFiles(plan).map(({ content }) => content)).toEqual([policy]);
  expect(apiServerFlags(plan)).toEqual(
    expect.arrayContaining(["--audit-log-path=/var/log/kube-apiserver/audit.log", "--audit-log-maxsize=50"]),
  );
});

test("the content of secrets is logged at no level", () => {
  const [file] = apiServerFiles(planOf({ audit: { level: "RequestResponse" } }));
  const { rules } = load(file?.content ?? "") as {
    rules: { level: string; resources?: { resources: string[] }[] }[];
  };
  const first = rules.find(({ resources = [] }) =>
    resources.some((one) => one.resources.includes("secrets")),
  );
  expect(first?.level).toBe("Metadata");
  expect(rules.at(-1)).toEqual({ level: "RequestResponse" });
});

test("the lab's own namespaces are exempt from a level for all", () => {
  const [file] = apiServerFiles(planOf({ podSecurity: "restricted" }));
  const { plugins } = load(file?.content ?? "") as {
    plugins: { configuration: { defaults: Record<string, string>; exemptions: { namespaces: string[] } } }[];
  };
  expect(plugins[0]?.configuration.defaults.enforce).toBe("restricted");
  expect(plugins[0]?.configuration.exemptions.namespaces).toEqual(
    expect.arrayContaining([
      "kube-system",
      "kube-flannel",
      "local-path-storage",
      "metallb-system",
      "traefik",
    ]),
  );
});
