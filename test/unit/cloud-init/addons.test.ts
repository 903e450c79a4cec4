import { loadAll } from "js-yaml";
import { addonFiles, type KubernetesObject } from "../../../cloud-init/kubernetes/addons";
import { defaultAddonVersions, imageNames, provisionalVersions } from "../../../offline/kubernetes/versions";
import { exampleLab } from "../../rendered/example-lab";

const filesOf = (raw: Record<string, unknown> = {}) => addonFiles(exampleLab(raw));
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

test("the configuration's default releases are those of the committed modules", () => {
  const { addons } = exampleLab();
  expect({
    localPathProvisioner: addons.storage.version,
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
