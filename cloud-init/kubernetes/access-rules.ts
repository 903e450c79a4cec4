/**
 * A rule of RBAC: API groups, resources, verbs, and the names of the objects that it is limited to, each with spaces between; `core`
 * is the group without a name.
 */
export type AccessRule = [groups: string, resources: string, verbs: string, names?: string];

export interface ServiceAccount {
  name: string;
  namespace: string;
}

const group = "rbac.authorization.k8s.io";

/** A role of the whole cluster, and those who have it. */
export function clusterRole(name: string, rules: AccessRule[], accounts: ServiceAccount[]): object[] {
  return [
    { apiVersion: `${group}/v1`, kind: "ClusterRole", metadata: { name }, rules: rules.map(written) },
    clusterRoleBinding(name, name, accounts),
  ];
}

/** A role of the cluster that is there already, for an account. */
export function clusterRoleBinding(name: string, role: string, accounts: ServiceAccount[]): object {
  return {
    apiVersion: `${group}/v1`,
    kind: "ClusterRoleBinding",
    metadata: { name },
    roleRef: { apiGroup: group, kind: "ClusterRole", name: role },
    subjects: accounts.map(subject),
  };
}

/** A role in one namespace, and those who have it. */
export function role(
  name: string,
  namespace: string,
  rules: AccessRule[],
  accounts: ServiceAccount[],
): object[] {
  return [
    { apiVersion: `${group}/v1`, kind: "Role", metadata: { name, namespace }, rules: rules.map(written) },
    roleBinding(name, namespace, name, accounts),
  ];
}

/** A role that is there already in a namespace, for an account. */
export function roleBinding(
  name: string,
  namespace: string,
  roleName: string,
  accounts: ServiceAccount[],
): object {
  return {
    apiVersion: `${group}/v1`,
    kind: "RoleBinding",
    metadata: { name, namespace },
    roleRef: { apiGroup: group, kind: "Role", name: roleName },
    subjects: accounts.map(subject),
  };
}

function written([groups, resources, verbs, names]: AccessRule): object {
  return {
    apiGroups: groups.split(" ").map((name) => (name === "core" ? "" : name)),
    resources: resources.split(" "),
    ...(names && { resourceNames: names.split(" ") }),
    verbs: verbs.split(" "),
  };
}

function subject(account: ServiceAccount): object {
  return { kind: "ServiceAccount", ...account };
}
