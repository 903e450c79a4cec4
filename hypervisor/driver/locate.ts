import { type Host, onPath, pathsOf, variable } from "../../lib/host";
import { localFolder } from "../../lib/local-folder";
import { RemedyError } from "../../lib/remedy-error";
import type { Hypervisor } from "../../plan/lab-plan";

/** Where the stand-in's launcher is below the project. */
const EMBEDDED = [localFolder, "bin", "embedded", "VBoxManage"] as const;

/** Every place to look for VBoxManage, in order. */
export function vboxManageCandidates(hypervisor: Hypervisor, host: Host): string[] {
  const paths = pathsOf(host.platform);
  if (hypervisor === "embedded") return [paths.join(host.project, ...EMBEDDED)];
  const found = [variable(host, "VBOXMANAGE"), onPath(host, "VBoxManage"), ...usualPlaces(host)];
  return found.filter((file): file is string => file !== undefined);
}

/** VBoxManage's full path. @throws RemedyError that names where it was looked for. */
export function locateVBoxManage(hypervisor: Hypervisor, host: Host): string {
  const candidates = vboxManageCandidates(hypervisor, host);
  const override = hypervisor === "virtualbox" ? variable(host, "VBOXMANAGE") : undefined;
  const found = override ? [override].find(host.exists) : candidates.find(host.exists);
  if (found) return found;
  const remedy =
    hypervisor === "embedded"
      ? "Build the stand-in: `npm run up` does it, or `npm run set-up`."
      : override
        ? "Correct the variable VBOXMANAGE or take it away."
        : `Install VirtualBox 7 (${installation(host.platform)}), or name its VBoxManage in VBOXMANAGE.`;
  const places = override ? `VBOXMANAGE=${override}` : `PATH and ${usualPlacesText(hypervisor, host)}`;
  throw new RemedyError(`VBoxManage is not there; looked at ${places}.`, remedy);
}

function installation(platform: NodeJS.Platform): string {
  switch (platform) {
    case "win32":
      return "`winget install Oracle.VirtualBox`";
    case "darwin":
      return "`brew install --cask virtualbox`, or https://www.virtualbox.org/wiki/Downloads";
    default:
      return "https://www.virtualbox.org/wiki/Linux_Downloads";
  }
}

/** Where installers put it. Source: VirtualBox's packages; Vagrant's driver for Windows' variables. */
function usualPlaces(host: Host): string[] {
  const paths = pathsOf(host.platform);
  switch (host.platform) {
    case "win32": {
      // VirtualBox's installer sets the first (from version 5 on), older ones the second; both may hold a list.
      const installed = [variable(host, "VBOX_MSI_INSTALL_PATH"), variable(host, "VBOX_INSTALL_PATH")]
        .flatMap((value) => value?.split(";") ?? [])
        .filter((folder) => folder !== "");
      const programFiles = [
        variable(host, "ProgramW6432"),
        variable(host, "ProgramFiles"),
        "C:\\Program Files",
      ]
        .filter((folder): folder is string => folder !== undefined)
        .map((folder) => paths.join(folder, "Oracle", "VirtualBox"));
      return [
        ...new Set([...installed, ...programFiles].map((folder) => paths.join(folder, "VBoxManage.exe"))),
      ];
    }
    case "darwin":
      return [
        "/usr/local/bin/VBoxManage",
        "/opt/homebrew/bin/VBoxManage",
        "/Applications/VirtualBox.app/Contents/MacOS/VBoxManage",
      ];
    default:
      return [
        "/usr/bin/VBoxManage",
        "/usr/local/bin/VBoxManage",
        "/usr/lib/virtualbox/VBoxManage",
        "/opt/VirtualBox/VBoxManage",
      ];
  }
}

function usualPlacesText(hypervisor: Hypervisor, host: Host): string {
  return (hypervisor === "embedded" ? vboxManageCandidates(hypervisor, host) : usualPlaces(host)).join(", ");
}
