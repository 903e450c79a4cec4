import type { accessFiles } from "../../lab/access-files";
import type { OutputMachine } from "../../lab/outputs";
import { pathsOf } from "../../lib/host";
import type { Role } from "../../plan/lab-plan";

const ROLES: readonly [Role, string][] = [
  ["gateway", "gateway"],
  ["loadBalancer", "load balancers"],
  ["master", "masters"],
  ["worker", "workers"],
  ["gluster", "Gluster"],
];

/** What there is, and how it is used in the words of the person's shell: PowerShell on Windows. Fits a small terminal. */
export function whatNow(
  { kubeconfig, sshConfig }: ReturnType<typeof accessFiles>,
  machines: readonly Pick<OutputMachine, "name" | "role" | "address">[],
  platform: NodeJS.Platform,
): string {
  const { normalize } = pathsOf(platform);
  const setKubeconfig =
    platform === "win32"
      ? `$env:KUBECONFIG = "$PWD\\${normalize(kubeconfig)}"`
      : `export KUBECONFIG=$PWD/${kubeconfig}`;
  return `The lab is up:
${machineLines(machines)}
To use it:
  ${setKubeconfig}
  kubectl get nodes
  ssh -F ${normalize(sshConfig)} kube-mast01
  npm run status
By hand: ${readEnvironment(platform)}, then pulumi up, preview, destroy, stack output. Take it down: npm run down`;
}

/** A line for each role. */
function machineLines(machines: Parameters<typeof whatNow>[1]): string {
  return ROLES.flatMap(([role, label]) => {
    const [first, ...others] = machines.filter((machine) => machine.role === role);
    const last = others.at(-1);
    if (first === undefined) return [];
    const to = last === undefined ? "" : ` to ${last.name} ${last.address}`;
    return [`  ${label.padEnd(15)} ${others.length + 1}: ${first.name} ${first.address}${to}`];
  }).join("\n");
}

/** The line that gives a person's shell what set-up made. */
export function readEnvironment(platform: NodeJS.Platform): string {
  return platform === "win32" ? ". .kube-lab\\environment.ps1" : ". .kube-lab/environment.sh";
}
