import type { Configuration } from "./config/defaults";
import { type ControlPlaneProgram, controlPlanePrograms, type KubernetesSettings } from "./lab-plan";

/** What the configuration has of them. */
export function planSettings({ kubernetes }: Configuration): KubernetesSettings {
  const { featureGates, apiServer, controllerManager, scheduler, kubelet, kubeProxy } = kubernetes;
  const { encryptionAtRest, audit, podSecurity, oidc } = kubernetes;
  return {
    featureGates,
    flags: {
      "kube-apiserver": apiServer.extraArguments,
      "kube-controller-manager": controllerManager.extraArguments,
      "kube-scheduler": scheduler.extraArguments,
    },
    kubelet,
    proxyMode: kubeProxy.mode,
    encryptionAtRest,
    ...planAudit(audit),
    podSecurity,
    ...planOidc(oidc),
  };
}

function planAudit({
  level,
  policy,
}: Configuration["kubernetes"]["audit"]): Pick<KubernetesSettings, "audit"> {
  if (level === "off" && policy === undefined) return {};
  return { audit: { level, ...(policy === undefined ? {} : { policy }) } };
}

function planOidc({
  issuer,
  clientId,
  authority,
  ...claims
}: Configuration["kubernetes"]["oidc"]): Pick<KubernetesSettings, "oidc"> {
  if (issuer === undefined || clientId === undefined) return {};
  return { oidc: { issuer, clientId, ...claims, ...(authority === undefined ? {} : { authority }) } };
}

/** Flags that a program of the control plane is started with for a person's settings: `--max-requests-inflight=500`. */
export function argumentsOf(settings: KubernetesSettings, program: ControlPlaneProgram): string[] {
  const { featureGates, flags } = settings;
  const gates = sorted(featureGates).map(([name, on]) => `${name}=${on}`);
  return [
    ...(gates.length === 0 ? [] : [`--feature-gates=${gates.join(",")}`]),
    ...sorted(flags[program]).map(([flag, value]) => `--${flag}=${value}`),
  ];
}

/** Fields of every kubelet's configuration for a person's settings; none where there are none. */
export function kubeletFieldsOf({ featureGates, kubelet }: KubernetesSettings): Record<string, unknown> {
  const gates = Object.fromEntries(sorted(featureGates));
  return {
    ...Object.fromEntries(sorted(kubelet)),
    ...(Object.keys(gates).length === 0 ? {} : { featureGates: gates }),
  };
}

/** Whether all is as the lab has it by itself. */
export function hasNoSettings(settings: KubernetesSettings): boolean {
  const { proxyMode } = settings;
  const flags = controlPlanePrograms.flatMap((program) => argumentsOf(settings, program));
  return (
    proxyMode === "nftables" && flags.length === 0 && Object.keys(kubeletFieldsOf(settings)).length === 0
  );
}

/** So that another order in a person's file changes nothing. */
function sorted<Value>(map: Record<string, Value>): [string, Value][] {
  return Object.entries(map).toSorted(([a], [b]) => (a < b ? -1 : 1));
}
