import { RemedyError } from "../../lib/remedy-error";
import { isAtLeast, type Version } from "../../lib/version";
import { locateVBoxManage } from "../driver/locate";
import { parseVersion } from "../driver/output";
import { type Finding, failure, fine, warning } from "./finding";
import { checkLinux } from "./linux";
import { checkMacos } from "./macos";
import type { Probes } from "./probes";
import { checkWindows } from "./windows";

/** Older ones lack options that have no other name there; see template-options.ts. */
const LEAST_VERSION: Version = [6, 1, 0];
/** First version with host-only networks there. */
const LEAST_ON_MACOS: Version = [7, 0, 0];
/** Oldest that Oracle still maintains. */
const MAINTAINED_SINCE: Version = [7, 0, 0];
/** First versions that run on ARM processors at all: 7.1 on macOS, 7.2 on Windows and Linux. Source: VirtualBox's change log. */
const LEAST_ON_ARM = { darwin: [7, 1, 0] as Version, others: [7, 2, 0] as Version };

/** Whether VirtualBox is there, recent enough and able to start machines. */
export async function checkVirtualBox(probes: Probes): Promise<Finding[]> {
  const place = findVBoxManage(probes);
  if (place.severity === "error") return [place];
  const text = await probes.vboxManage("virtualbox", ["--version"]);
  const version = text === undefined ? undefined : parseVersion(text);
  if (!version)
    return [
      place,
      failure(
        "version",
        `VBoxManage --version gives no version: ${JSON.stringify(text?.trim() ?? "it failed")}.`,
        "Reinstall VirtualBox; run `VBoxManage --version` by hand to see what it says.",
      ),
    ];
  return [place, checkVersion(version, probes), ...(await checkSystem(version, probes))];
}

function findVBoxManage({ host }: Probes): Finding {
  try {
    return fine("VBoxManage", locateVBoxManage("virtualbox", host));
  } catch (error) {
    if (!(error instanceof RemedyError)) throw error;
    return failure("VBoxManage", error.message, error.remedy);
  }
}

function checkVersion(version: Version, { architecture, host }: Probes): Finding {
  const name = `VirtualBox ${version.join(".")}`;
  const fix = "Install a current one: https://www.virtualbox.org/wiki/Downloads.";
  const { least, where } = leastVersion(architecture, host.platform);
  if (!isAtLeast(version, least))
    return failure("version", `${name} is too old; ${least.join(".")} or later is needed${where}.`, fix);
  if (isAtLeast(version, MAINTAINED_SINCE)) return fine("version", name);
  return warning("version", `${name} is no longer maintained, and not tried here.`, fix);
}

function leastVersion(architecture: string, platform: NodeJS.Platform): { least: Version; where: string } {
  const onMacos = platform === "darwin";
  if (architecture === "arm64")
    return { least: onMacos ? LEAST_ON_ARM.darwin : LEAST_ON_ARM.others, where: " on this processor" };
  return onMacos ? { least: LEAST_ON_MACOS, where: " on macOS" } : { least: LEAST_VERSION, where: "" };
}

function checkSystem(version: Version, probes: Probes): Promise<Finding[]> | Finding[] {
  switch (probes.host.platform) {
    case "win32":
      return checkWindows(probes);
    case "darwin":
      return checkMacos(probes);
    default:
      return checkLinux(version, probes);
  }
}
