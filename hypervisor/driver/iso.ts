import { chmod, rename } from "node:fs/promises";
import path from "node:path";
import { type Host, onPath, pathsOf, variable } from "../../lib/host";
import type { LinuxFamily } from "../../lib/linux-distribution";
import { type RunProcess, runProcess } from "../../lib/process";
import { RemedyError } from "../../lib/remedy-error";

/** Programs that make an ISO image out of a folder. */
export type IsoTool = "genisoimage" | "mkisofs" | "xorrisofs" | "hdiutil" | "oscdimg";

export interface FoundIsoTool {
  tool: IsoTool;
  file: string;
}

export interface IsoRequest {
  /** Folder whose content becomes the volume. */
  source: string;
  /** File to make; ends in `.iso`, since hdiutil would add that. */
  target: string;
  /** Volume label; cloud-init looks for `cidata`. */
  label: string;
}

/** Which tool is preferred on which system: first what comes with it or is usual there. */
const PREFERENCE: Partial<Record<NodeJS.Platform, readonly IsoTool[]>> = {
  darwin: ["hdiutil", "xorrisofs", "mkisofs", "genisoimage"],
  win32: ["oscdimg", "xorrisofs", "mkisofs", "genisoimage"],
};
const UNIX: readonly IsoTool[] = ["genisoimage", "mkisofs", "xorrisofs"];

const TIMEOUT_SECONDS = 600;

/** The tool to use on this host, undefined when none is there. */
export function findIsoTool(host: Host): FoundIsoTool | undefined {
  for (const tool of PREFERENCE[host.platform] ?? UNIX) {
    const file = onPath(host, tool) ?? usualPlaces(tool, host).find(host.exists);
    if (file) return { tool, file };
  }
  return undefined;
}

/** How to get one; on Linux by the distribution, where it is known. */
export function isoToolRemedy(platform: NodeJS.Platform, family: LinuxFamily = "other"): string {
  if (platform === "win32")
    return "Install oscdimg (Windows ADK, Deployment Tools: `winget install Microsoft.WindowsADK`), or put xorrisofs or mkisofs on PATH.";
  if (platform === "darwin") return "hdiutil comes with macOS and belongs in /usr/bin: put that on PATH.";
  const commands: Partial<Record<LinuxFamily, string>> = {
    debian: "sudo apt install genisoimage",
    ubuntu: "sudo apt install genisoimage",
    fedora: "sudo dnf install xorriso",
    suse: "sudo zypper install xorriso",
    arch: "sudo pacman -S libisoburn",
  };
  const known = [...new Set(Object.values(commands))];
  return `Install one: ${(commands[family] ? [commands[family]] : known).map((command) => `\`${command}\``).join(" or ")}.`;
}

/** The Windows ADK does not put itself on PATH; hdiutil is not on a bare one. */
function usualPlaces(tool: IsoTool, host: Host): string[] {
  if (tool === "hdiutil") return ["/usr/bin/hdiutil"];
  if (tool !== "oscdimg" || host.platform !== "win32") return [];
  const kits = ["Windows Kits", "10", "Assessment and Deployment Kit", "Deployment Tools"];
  const programFiles = [
    variable(host, "ProgramFiles(x86)"),
    "C:\\Program Files (x86)",
    variable(host, "ProgramFiles"),
  ];
  return programFiles
    .filter((folder): folder is string => folder !== undefined)
    .flatMap((folder) =>
      ["amd64", "arm64"].map((arch) =>
        pathsOf("win32").join(folder, ...kits, arch, "Oscdimg", "oscdimg.exe"),
      ),
    );
}

/** Arguments by tool. Long names by Joliet, and Rock Ridge where the tool knows it. */
export function isoArguments(tool: IsoTool, { source, target, label }: IsoRequest): string[] {
  switch (tool) {
    case "genisoimage":
    case "mkisofs":
    case "xorrisofs":
      return ["-quiet", "-output", target, "-volid", label, "-joliet", "-rock", source];
    case "hdiutil": {
      const labels = ["-default-volume-name", label, "-iso-volume-name", label, "-joliet-volume-name", label];
      return ["makehybrid", "-quiet", "-ov", "-iso", "-joliet", ...labels, "-o", target, source];
    }
    case "oscdimg":
      // -j1: Joliet with 8.3 names beside; -m: any size; -o: equal files once; the label joins its option.
      return ["-j1", "-m", "-o", `-l${label}`, source, target];
  }
}

/**
 * Makes an ISO that only its owner may read (0600), whole or not at all: it is made beside under another name first.
 * @throws RemedyError when no tool is there or the tool fails.
 */
export async function makeIso(request: IsoRequest, host: Host, run: RunProcess = runProcess): Promise<void> {
  const found = findIsoTool(host);
  if (!found)
    throw new RemedyError("No program that makes ISO images is there.", isoToolRemedy(host.platform));
  const partial = request.target.replace(/(?:\.iso)?$/, ".partial.iso");
  const args = isoArguments(found.tool, { ...request, target: partial });
  const result = await run(found.file, args, {
    timeoutSeconds: TIMEOUT_SECONDS,
    environment: host.environment,
  });
  if (result.status !== 0) {
    const words = result.startError ?? (result.stderr.trim() || result.stdout.trim() || "it said nothing");
    throw new RemedyError(
      `${found.file} ${args.join(" ")} failed (status ${result.status}): ${words}`,
      `Is there space left in ${path.dirname(request.target)}? Otherwise ${isoToolRemedy(host.platform)}`,
    );
  }
  await chmod(partial, 0o600);
  await rename(partial, request.target);
}
