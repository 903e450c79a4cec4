import { readFileSync } from "node:fs";
import { loadAll } from "js-yaml";
import { addonFiles, type KubernetesObject } from "../../../cloud-init/kubernetes/addons";
import { defaultAddonVersions, imageNames, provisionalVersions } from "../../../plan/versions";
import { exampleCredentials } from "../../rendered/example-credentials";
import { exampleLab, firstOf } from "../../rendered/example-lab";

const filesOf = (raw: Record<string, unknown> = {}) => {
  const plan = exampleLab(raw);
  return addonFiles(plan, exampleCredentials(plan, firstOf(plan, "master")));
};
const documentsOf = (raw: Record<string, unknown> = {}) =>
  filesOf(raw).flatMap(({ content }) => loadAll(content)) as (KubernetesObject & Record<string, unknown>)[];
const kindsOf = (raw?: Record<string, unknown>) => documentsOf(raw).map(({ kind }) => kind);

/** Every value of a key, however deep. */
function valuesOf(value: unknown, key: string): unknown[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, child]) => (name === key ? [child] : valuesOf(child, key)));
}

const everything = {
  addons: Object.fromEntries(Object.keys(exampleLab().addons).map((name) => [name, { enabled: true }])),
};

test("every image of an add-on is one of the bundle's: none has to be fetched", () => {
  const bundle = Object.values(imageNames(provisionalVersions("1.36.3")));
  const images = documentsOf(everything).flatMap((object) => valuesOf(object, "image"));
  expect(images.length).toBeGreaterThan(1);
  for (const image of images) expect(bundle).toContain(image);
});

test("no add-on needs a hook after a container's start: a kubelet that is restarted meanwhile never tries it again", () => {
  expect(documentsOf(everything).flatMap((object) => valuesOf(object, "postStart"))).toEqual([]);
});

test("the configuration's default releases are those of the committed modules", () => {
  const { addons } = exampleLab();
  expect({
    localPathProvisioner: addons.storage.version,
    networkPolicy: addons.networkPolicy.version,
    metricsServer: addons.metricsServer.version,
    metalLb: addons.metalLb.version,
    headlamp: addons.headlamp.version,
    traefik: addons.traefik.version,
  }).toEqual(defaultAddonVersions);
});

test("the last object names every other, so that what is no more in the file can be removed", () => {
  const documents = documentsOf(everything);
  const list = documents.at(-1)?.data as { objects: string };
  const names = list.objects.split("\n");
  expect(names).toHaveLength(documents.length - 1);
  expect(new Set(names).size).toBe(names.length);
  for (const name of names) expect(name).toMatch(/^[A-Z]\w+\.v\w+\.[\w.]* \S+ \S+$/);
  expect(names).toContain("StorageClass.v1.storage.k8s.io - gluster");
  expect(names).toContain("ConfigMap.v1. local-path-storage local-path-config");
});

describe("storage", () => {
  test("is there by default, as the default class, for a folder that all nodes share", () => {
    const storageClass = documentsOf().find(({ kind }) => kind === "StorageClass");
    expect(storageClass?.metadata).toMatchObject({
      annotations: { "storageclass.kubernetes.io/is-default-class": "true" },
    });
    const configuration = documentsOf().find(({ metadata }) => metadata.name === "local-path-config");
    const data = configuration?.data as Record<string, string>;
    expect(JSON.parse(data["config.json"] ?? "")).toMatchObject({
      sharedFileSystemPath: "/srv/volume/claims",
    });
    expect((loadAll(data["helperPod.yaml"] ?? "") as KubernetesObject[])[0]).toMatchObject({ kind: "Pod" });
  });

  test.each([
    ["without Gluster", { gluster: { count: 0 } }],
    ["switched off", { addons: { storage: { enabled: false } } }],
  ])("is not there %s, and no node mounts the volume", (_, raw) => {
    expect(kindsOf(raw)).not.toContain("StorageClass");
    expect(exampleLab(raw).addons.storage.enabled).toBe(false);
  });
});

describe("network policies", () => {
  const off = { addons: { networkPolicy: { enabled: false } } };
  const found = (raw?: Record<string, unknown>) =>
    documentsOf(raw).filter(({ metadata }) => metadata.name === "kube-network-policies");

  test("hold by default, on every node, masters too", () => {
    const daemonSet = found().find(({ kind }) => kind === "DaemonSet");
    expect(valuesOf(daemonSet, "tolerations")).toEqual([[{ operator: "Exists" }]]);
    expect(found(off)).toEqual([]);
  });

  test("are queued where the machines' scripts look for it", () => {
    const script = readFileSync("cloud-init/kubernetes/network-policy.sh", "utf8");
    const [, queue] = /^POLICY_QUEUE=(\d+)$/m.exec(script) ?? [];
    expect(JSON.stringify(found())).toContain(`--nfqueue-id=${queue}"`);
  });

  test("open no port to other machines", () => {
    expect(JSON.stringify(found())).toContain("--metrics-bind-address=127.0.0.1:");
  });
});

describe("metrics-server", () => {
  const raw = { addons: { metricsServer: { enabled: true } } };

  test("takes kubelets by certificates of Kubernetes' authority, never without", () => {
    const text = JSON.stringify(documentsOf(raw));
    expect(text).toContain("--kubelet-certificate-authority=");
    expect(text).not.toContain("insecure-tls");
  });

  test("its service finds its pods", () => {
    const [service] = documentsOf(raw).filter(
      ({ kind, metadata }) => kind === "Service" && metadata.name === "metrics-server",
    );
    const [deployment] = documentsOf(raw).filter(
      ({ kind, metadata }) => kind === "Deployment" && metadata.name === "metrics-server",
    );
    const [labels] = valuesOf(valuesOf(deployment, "template"), "labels");
    expect(valuesOf(service, "selector")).toEqual([labels]);
  });
});

describe("MetalLB", () => {
  const raw = { addons: { metalLb: { enabled: true } } };

  test("its pool is the plan's, and comes after its kinds", () => {
    const files = filesOf(raw);
    expect(files.map(({ path }) => path)).toEqual([
      "/etc/kube-lab/addons-1.yaml",
      "/etc/kube-lab/addons-2.yaml",
      "/etc/kube-lab/addons.json",
    ]);
    expect(files[0]?.content).not.toMatch(/^apiVersion: metallb\.io/m);
    const pool = documentsOf(raw).find(({ kind }) => kind === "IPAddressPool");
    expect(pool?.spec).toEqual({ addresses: ["192.168.2.200-192.168.2.250"] });
  });

  test("defines each kind that its programs may read", () => {
    const defined = documentsOf(raw).flatMap(({ kind, metadata }) =>
      kind === "CustomResourceDefinition" ? [metadata.name.replace(".metallb.io", "")] : [],
    );
    const rules = documentsOf(raw).flatMap((object) => (object.rules ?? []) as Record<string, string[]>[]);
    const read = rules.filter(({ apiGroups }) => apiGroups?.includes("metallb.io"));
    const resources = new Set(read.flatMap((rule) => rule.resources ?? []).map((name) => name.split("/")[0]));
    expect([...resources].sort()).toEqual(defined.sort());
  });

  test("announces from workers alone: only they are in the pool's network", () => {
    const speaker = documentsOf(raw).find(
      ({ kind, metadata }) => kind === "DaemonSet" && metadata.name === "speaker",
    );
    expect(valuesOf(speaker, "nodeSelector")).toEqual([{ "kube-lab/role": "worker" }]);
    // It is in its node's network, and answers on the loopback alone.
    expect(valuesOf(speaker, "httpGet")).toEqual([
      { host: "127.0.0.1", path: "/healthz", port: 17472 },
      { host: "127.0.0.1", path: "/readyz", port: 17472 },
    ]);
  });
});

describe("Headlamp", () => {
  const raw = { addons: { headlamp: { enabled: true } } };
  const found = (kind: string, name: string) =>
    documentsOf(raw).find((object) => object.kind === kind && object.metadata.name === name);

  test("lets in who has the token, as administrators, and is none itself", () => {
    expect(found("Secret", "bootstrap-token-fedcba")).toMatchObject({
      type: "bootstrap.kubernetes.io/token",
      metadata: { namespace: "kube-system" },
      stringData: { "token-id": "fedcba", "token-secret": "fedcba9876543210" },
    });
    const [groups] = valuesOf(found("Secret", "bootstrap-token-fedcba"), "auth-extra-groups");
    const bindings = documentsOf(raw).filter(
      ({ roleRef }) => valuesOf([roleRef], "name")[0] === "cluster-admin",
    );
    expect(bindings.map(({ subjects }) => subjects)).toEqual([[expect.objectContaining({ name: groups })]]);
    expect(JSON.stringify(found("ClusterRoleBinding", "kube-lab:dashboard"))).not.toContain("ServiceAccount");
  });

  test("keeps the token from other users of the master", () => {
    const holders = filesOf(raw).filter(({ content }) => content.includes("fedcba9876543210"));
    expect(holders.map(({ mode }) => mode)).toEqual(["0600"]);
    expect(filesOf().some(({ content }) => content.includes("fedcba"))).toBe(false);
  });

  test("runs without rights of its own on the node", () => {
    const contexts = valuesOf(found("Deployment", "headlamp"), "securityContext");
    expect(Object.assign({}, ...contexts)).toMatchObject({
      runAsNonRoot: true,
      readOnlyRootFilesystem: true,
      allowPrivilegeEscalation: false,
      capabilities: { drop: ["ALL"] },
    });
  });
});

describe("Traefik", () => {
  const raw = { addons: { traefik: { enabled: true } } };
  const found = (kind: string, more: Record<string, unknown> = {}) =>
    documentsOf({ addons: { ...raw.addons, ...more } }).find((object) => object.kind === kind);

  test("its manifest is the bundle's, and another one is another digest", () => {
    const { gatewayApi } = provisionalVersions("1.36.3");
    expect(documentsOf(raw).at(-1)?.data).toMatchObject({ manifest: `gateway-api-${gatewayApi}.yaml` });
    expect(documentsOf().at(-1)?.data).not.toHaveProperty("manifest");
  });

  test("what is of the manifest's kinds comes second, with the key, for root alone", () => {
    const [first, second] = filesOf(raw);
    expect(first?.content).not.toMatch(/gateway\.networking\.k8s\.io\/v1/);
    expect(second).toMatchObject({ mode: "0600" });
    expect(loadAll(second?.content ?? "")).toMatchObject([
      { kind: "Secret", type: "kubernetes.io/tls" },
      { kind: "GatewayClass" },
      { kind: "Gateway" },
    ]);
  });

  test("listens where its gateway's listeners are, and its service leads there", () => {
    const [listeners = []] = valuesOf(found("Gateway"), "listeners") as { name: string; port: number }[][];
    const ports = listeners.map(({ name, port }) => [name, port]);
    expect(ports).toEqual([
      ["http", 80],
      ["https", 443],
    ]);
    const args = valuesOf(found("Deployment", { storage: { enabled: false } }), "args").flat();
    for (const [name, port] of ports) expect(args).toContain(`--entrypoints.${name}.address=:${port}`);
    expect(found("Service")?.spec).toMatchObject({
      type: "NodePort",
      externalTrafficPolicy: "Local",
      ports: [
        { port: 80, targetPort: "http", nodePort: 30080 },
        { port: 443, targetPort: "https", nodePort: 30443 },
      ],
    });
  });

  test("puts its two pods on different nodes, where there are two", () => {
    const spread = (count: number) => {
      const objects = documentsOf({ ...raw, workers: { count } });
      return objects.flatMap((object) => valuesOf(object, "topologySpreadConstraints").flat());
    };
    expect(spread(3)).toMatchObject([{ whenUnsatisfiable: "DoNotSchedule", minDomains: 2 }]);
    expect(spread(1)).toMatchObject([{ minDomains: 1 }]);
    expect(spread(0)).toMatchObject([{ minDomains: 2 }]);
  });

  test("has an address of its own where MetalLB gives them", () => {
    expect(found("Service", { metalLb: { enabled: true } })?.spec).toMatchObject({ type: "LoadBalancer" });
  });
});
