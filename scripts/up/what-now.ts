import type { accessFiles } from "../../lab/access-files";
import { pathsOf } from "../../lib/host";

/** How a lab that is up is used, in the words of the person's shell: PowerShell on Windows. */
export function whatNow(
  { kubeconfig, sshConfig }: ReturnType<typeof accessFiles>,
  platform: NodeJS.Platform,
): string {
  const { normalize } = pathsOf(platform);
  const setKubeconfig =
    platform === "win32"
      ? `$env:KUBECONFIG = "$PWD\\${normalize(kubeconfig)}"`
      : `export KUBECONFIG=$PWD/${kubeconfig}`;
  return `The lab is up. To use it:
  ${setKubeconfig}
  kubectl get nodes
  ssh -F ${normalize(sshConfig)} kube-mast01
  npm run status
By hand: ${readEnvironment(platform)}, then pulumi up, preview, destroy, stack output. Take it down: npm run down`;
}

/** The line that gives a person's shell what set-up made. */
export function readEnvironment(platform: NodeJS.Platform): string {
  return platform === "win32" ? ". .kube-lab\\environment.ps1" : ". .kube-lab/environment.sh";
}
