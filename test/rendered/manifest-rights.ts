import type { KubernetesObject } from "../../cloud-init/kubernetes/addons";

/** An object of a manifest. */
export type ManifestObject = KubernetesObject & Record<string, unknown>;

interface Rule {
  apiGroups: string[];
  resources: string[];
  resourceNames?: string[];
  verbs: string[];
}

interface Role extends ManifestObject {
  rules: Rule[];
}

interface Binding extends ManifestObject {
  roleRef: { kind: string; name: string };
  subjects: { name: string }[];
}

const isRole = (object: ManifestObject): object is Role => /^(Cluster)?Role$/.test(object.kind);
const isBinding = (object: ManifestObject): object is Binding => /^(Cluster)?RoleBinding$/.test(object.kind);

const everyVerb = ["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"];

/** Whether an object is about rights, so that rightsOf says all of it. */
export function isAboutRights(object: ManifestObject): boolean {
  return isRole(object) || isBinding(object);
}

/**
 * Who may do what by a manifest's roles and their bindings, whatever those are called and however the rules are split: `speaker in
 * metallb-system: may list pods`, `controller everywhere: may get apps/deployments named controller`. A role that it binds nobody to
 * stands for itself; of one that it does not have, its name is said.
 */
export function rightsOf(objects: ManifestObject[]): string[] {
  const roles = objects.filter(isRole);
  const bindings = objects.filter(isBinding);
  const bound = bindings.flatMap((binding) => {
    const role = roles.find((one) => isOf(binding, one));
    const rights = role ? rightsIn(role) : [`do what ${binding.roleRef.kind} ${binding.roleRef.name} may`];
    const place = binding.kind === "RoleBinding" ? `in ${binding.metadata.namespace}` : "everywhere";
    return binding.subjects.flatMap(({ name }) => rights.map((right) => `${name} ${place}: may ${right}`));
  });
  const unbound = roles.filter((role) => !bindings.some((binding) => isOf(binding, role)));
  const own = unbound.flatMap((role) =>
    rightsIn(role).map((right) => `${role.kind} ${role.metadata.name}: may ${right}`),
  );
  return withoutImplied([...bound, ...own]);
}

function isOf({ roleRef, metadata }: Binding, role: Role): boolean {
  const sameNamespace = role.kind === "ClusterRole" || role.metadata.namespace === metadata.namespace;
  return roleRef.kind === role.kind && roleRef.name === role.metadata.name && sameNamespace;
}

function rightsIn({ rules }: Role): string[] {
  return rules.flatMap(({ apiGroups, resources, resourceNames, verbs }) => {
    const things = apiGroups.flatMap((group) => resources.map((name) => (group ? `${group}/${name}` : name)));
    const named = things.flatMap((thing) => resourceNames?.map((name) => `${thing} named ${name}`) ?? thing);
    const single = verbs.includes("*") ? everyVerb : verbs;
    return named.flatMap((thing) => single.map((verb) => `${verb} ${thing}`));
  });
}

/** Who may list all secrets may list one of a name. */
function withoutImplied(rights: string[]): string[] {
  const all = new Set(rights);
  return [...all].filter((right) => !(right.includes(" named ") && all.has(right.replace(/ named .*/, ""))));
}
