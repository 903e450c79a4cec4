import { homedir } from "node:os";
import { join } from "node:path";

/**
 * The folder for what is costly to make and the same for every lab of this user: engine, Kubernetes bundle, base disks. It
 * is `KUBE_LAB_CACHE` if set, else the system's own place for caches. Nothing in it is unique: it may be deleted at any time
 * when no command of ours runs.
 */
export function cacheFolder(
  environment: NodeJS.ProcessEnv = process.env,
  platform: NodeJS.Platform = process.platform,
): string {
  const home = homedir();
  if (environment.KUBE_LAB_CACHE) {
    return environment.KUBE_LAB_CACHE;
  }
  switch (platform) {
    case "win32":
      return join(environment.LOCALAPPDATA || join(home, "AppData", "Local"), "kube-lab", "Cache");
    case "darwin":
      return join(home, "Library", "Caches", "kube-lab");
    default:
      return join(environment.XDG_CACHE_HOME || join(home, ".cache"), "kube-lab");
  }
}
