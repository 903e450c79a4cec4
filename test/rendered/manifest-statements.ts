import { load } from "js-yaml";
import { isAboutRights, type ManifestObject, rightsOf } from "./manifest-rights";

type Fields = Record<string, unknown>;

/** What an API server takes where a manifest says nothing (Kubernetes' API reference). */
const defaults = [
  /Probe\.(failureThreshold = 3|successThreshold = 1|timeoutSeconds = 1)$/,
  /\.(protocol = TCP|defaultMode = 420|imagePullPolicy = IfNotPresent|updateStrategy\.type = RollingUpdate)$/,
  /^Deployment \S+: spec\.replicas = 1$/,
];

/** What one manifest says and the other does not: `- …` of the first, `+ …` of the second, sorted. */
export function differences(first: ManifestObject[], second: ManifestObject[]): string[] {
  const [before, after] = [statementsOf(first), statementsOf(second)];
  const gone = [...before].filter((statement) => !after.has(statement)).map((statement) => `- ${statement}`);
  const added = [...after].filter((statement) => !before.has(statement)).map((statement) => `+ ${statement}`);
  return [...gone, ...added].sort();
}

/**
 * A manifest as a set of statements, which order, volumes' names, written-out defaults and the split of rights into roles leave alike:
 * `DaemonSet speaker: pod.containers.speaker.args = --log-level=info`.
 */
function statementsOf(objects: ManifestObject[]): Set<string> {
  const others = objects.filter((object) => !isAboutRights(object));
  const statements = [...others.flatMap(objectStatements), ...rightsOf(objects)];
  return new Set(statements.filter((statement) => !defaults.some((pattern) => pattern.test(statement))));
}

function objectStatements({ kind, metadata, ...fields }: ManifestObject): string[] {
  const { name, ...more } = metadata;
  const own = `${kind} ${name}`;
  const said = [
    ...Object.entries(more).flatMap(([key, value]) => statements(`metadata.${key}`, value)),
    ...Object.entries(fields).flatMap(([key, value]) => statements(key, value)),
  ];
  return [own, ...said.map((statement) => `${own}: ${statement}`)];
}

function statements(path: string, value: unknown): string[] {
  if (path === "spec.template.spec") return podStatements(value as Pod);
  if (typeof value === "string" && /\.(json|yaml)$/.test(path)) return statements(`${path}:`, load(value));
  if (Array.isArray(value)) return value.flatMap((item: unknown) => itemStatements(path, item));
  if (!isFields(value)) return [`${path} = ${value}`];
  if (Object.keys(value).length === 0) return [`${path} = {}`];
  return Object.entries(value).flatMap(([key, child]) => statements(`${path}.${key}`, child));
}

/** By its name, else as a whole. */
function itemStatements(path: string, item: unknown): string[] {
  if (!isFields(item)) return [`${path} = ${item}`];
  if (typeof item.name !== "string") return [`${path} = ${JSON.stringify(item)}`];
  const { name, ...fields } = item;
  return statements(`${path}.${name}`, fields);
}

interface Pod extends Fields {
  containers: Container[];
  initContainers?: Container[];
  volumes?: (Fields & { name: string })[];
}

interface Container extends Fields {
  volumeMounts?: (Fields & { name: string; mountPath: string })[];
}

/** A volume is what it is made from, at the place where a container has it. */
function podStatements({ volumes = [], containers, initContainers = [], ...pod }: Pod): string[] {
  const sources = Object.fromEntries(volumes.map(({ name, ...source }) => [name, source]));
  const mounted = ({ volumeMounts = [], ...container }: Container): Fields => {
    const mounts = volumeMounts.map(({ name, mountPath, ...mount }) => ({
      name: mountPath.replace(/\/$/, ""),
      ...mount,
      ...sources[name],
    }));
    return { ...container, mounts };
  };
  return statements("pod", {
    ...pod,
    containers: containers.map(mounted),
    initContainers: initContainers.map(mounted),
  });
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
