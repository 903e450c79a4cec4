import { sha256Of } from "../../lib/checksum";
import type { LabPlan } from "../../plan/lab-plan";
import type { GuestFile } from "../guest-file";
import { yaml } from "../yaml";

/** Where control-plane.sh puts what is delivered, for as long as an API server may read it; and where that logs. */
const folder = "/etc/kubernetes/api-server";
const logs = "/var/log/kube-apiserver";
const delivered = "/etc/kube-lab/api-server";
/** encryption.sh makes what is in it. */
const encryption = "/etc/kubernetes/encryption";

/** Of an audit log: 50 MB a file, and four old ones, are the most that a master's disk gives. */
const rotation = { maxsize: 50, maxbackup: 4, maxage: 30 };

/** Namespaces of the lab's own pods, which need more than a person's may. */
const ownNamespaces = [
  "kube-system",
  "kube-flannel",
  "local-path-storage",
  "metallb-system",
  "traefik",
  "headlamp",
];

interface File {
  name: string;
  content: string;
}

/** What API servers read beside their flags. A file's name has its digest: another content is another flag, and so a restart. */
interface Reading {
  files: File[];
  flags: string[];
}

/** For a person's audit log, Pod Security and OpenID Connect: what the masters are delivered. */
export function apiServerFiles(plan: LabPlan): GuestFile[] {
  const { files } = reading(plan);
  return files.map(({ name, content }) => ({ path: `${delivered}/${name}`, mode: "0600", content }));
}

/** Flags of the API servers for these, and for what they write secrets with. */
export function apiServerFlags(plan: LabPlan): string[] {
  return [`--encryption-provider-config=${encryption}/providers.yaml`, ...reading(plan).flags];
}

/** Operations of a JSON patch by which an API server sees its files, and writes its log on the master. */
export function apiServerMounts(plan: LabPlan): object[] {
  const { files } = reading(plan);
  const mounts = [
    { name: "lab-encryption", path: encryption, readOnly: true },
    ...(files.length === 0 ? [] : [{ name: "lab-files", path: folder, readOnly: true }]),
    ...(plan.kubernetes.settings.audit === undefined
      ? []
      : [{ name: "lab-logs", path: logs, readOnly: false }]),
  ];
  return mounts.flatMap(({ name, path, readOnly }) => [
    { op: "add", path: "/spec/volumes/-", value: { name, hostPath: { path, type: "DirectoryOrCreate" } } },
    {
      op: "add",
      path: "/spec/containers/0/volumeMounts/-",
      value: { name, mountPath: path, ...(readOnly ? { readOnly } : {}) },
    },
  ]);
}

function reading(plan: LabPlan): Reading {
  const parts = [audit(plan), podSecurity(plan), oidc(plan)];
  return { files: parts.flatMap(({ files }) => files), flags: parts.flatMap(({ flags }) => flags) };
}

const nothing: Reading = { files: [], flags: [] };

function audit({ kubernetes: { settings } }: LabPlan): Reading {
  if (settings.audit === undefined) return nothing;
  const { level, policy = yaml(policyOf(level)) } = settings.audit;
  const file = named("audit", "yaml", policy);
  return {
    files: [file],
    flags: [
      `--audit-policy-file=${folder}/${file.name}`,
      `--audit-log-path=${logs}/audit.log`,
      ...Object.entries(rotation).map(([name, value]) => `--audit-log-${name}=${value}`),
    ],
  };
}

/** Who did what, once each request is answered; what only tells that somebody looks is left out, and the content of secrets is. */
function policyOf(level: string): object {
  return {
    apiVersion: "audit.k8s.io/v1",
    kind: "Policy",
    omitStages: ["RequestReceived"],
    rules: [
      { level: "None", nonResourceURLs: ["/healthz*", "/livez*", "/readyz*", "/version", "/metrics"] },
      { level: "None", resources: [{ group: "coordination.k8s.io", resources: ["leases"] }] },
      { level: "None", resources: [{ group: "", resources: ["events"] }] },
      {
        level: "Metadata",
        resources: [
          { group: "", resources: ["secrets", "configmaps", "serviceaccounts/token"] },
          { group: "authentication.k8s.io", resources: ["tokenreviews"] },
        ],
      },
      { level },
    ],
  };
}

function podSecurity({ kubernetes: { settings } }: LabPlan): Reading {
  const level = settings.podSecurity;
  if (level === "privileged") return nothing;
  const configuration = {
    apiVersion: "pod-security.admission.config.k8s.io/v1",
    kind: "PodSecurityConfiguration",
    defaults: {
      enforce: level,
      "enforce-version": "latest",
      audit: level,
      "audit-version": "latest",
      warn: level,
      "warn-version": "latest",
    },
    exemptions: { namespaces: ownNamespaces },
  };
  const file = named(
    "admission",
    "yaml",
    yaml({
      apiVersion: "apiserver.config.k8s.io/v1",
      kind: "AdmissionConfiguration",
      plugins: [{ name: "PodSecurity", configuration }],
    }),
  );
  return { files: [file], flags: [`--admission-control-config-file=${folder}/${file.name}`] };
}

/** Names of users and groups begin with `oidc:`, so that no provider can say who a part of the cluster is. */
function oidc({ kubernetes: { settings } }: LabPlan): Reading {
  if (settings.oidc === undefined) return nothing;
  const { issuer, clientId, usernameClaim, groupsClaim, authority } = settings.oidc;
  const file = authority === undefined ? undefined : named("oidc", "crt", authority);
  return {
    files: file === undefined ? [] : [file],
    flags: [
      `--oidc-issuer-url=${issuer}`,
      `--oidc-client-id=${clientId}`,
      `--oidc-username-claim=${usernameClaim}`,
      "--oidc-username-prefix=oidc:",
      `--oidc-groups-claim=${groupsClaim}`,
      "--oidc-groups-prefix=oidc:",
      ...(file === undefined ? [] : [`--oidc-ca-file=${folder}/${file.name}`]),
    ],
  };
}

function named(name: string, ending: string, content: string): File {
  return { name: `${name}-${sha256Of(content).slice(0, 12)}.${ending}`, content };
}
