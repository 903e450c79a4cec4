import { standInPrograms } from "../../embedded/host-packages";
import { setCommand } from "../../plan/config/problems";
import { type Finding, failure, fine } from "./finding";
import type { Probes } from "./probes";

/** Kernel features by module: machines on btrfs, their programs and containers on overlay, their networks. */
const MODULES = ["btrfs", "overlay", "loop", "veth", "bridge", "br_netfilter", "vxlan", "nf_tables"];

/** Whether the stand-in can run machines here: Linux, root, its programs, the kernel's features. */
export function checkEmbedded(probes: Probes): Finding[] {
  if (probes.host.platform !== "linux")
    return [
      failure(
        "system",
        `The stand-in runs on Linux only; this is ${probes.host.platform}.`,
        `Use VirtualBox: ${setCommand("hypervisor", "virtualbox")}`,
      ),
    ];
  return [checkRoot(probes), checkPrograms(probes), checkKernel(probes)];
}

function checkRoot(probes: Probes): Finding {
  if (probes.isRoot) return fine("root", "yes");
  return failure(
    "root",
    "The stand-in makes namespaces, bridges and mounts, and so needs root.",
    "Run as root (`sudo -E npm run up`), or use VirtualBox, which does not need it.",
  );
}

function checkPrograms(probes: Probes): Finding {
  const missing = Object.keys(standInPrograms).filter((name) => probes.program(name) === undefined);
  if (missing.length === 0) return fine("programs", "all there");
  const packages = [...new Set(missing.map((name) => standInPrograms[name]))].join(" ");
  // Set-up installs them there.
  if (probes.isRoot && probes.exists("/usr/bin/apt-get"))
    return fine("programs", `${packages} will be installed`);
  return failure(
    "programs",
    `The stand-in needs programs that are not there: ${missing.join(", ")}.`,
    `\`apt install ${packages}\` (on another system the packages with these programs).`,
  );
}

/** A feature is there when it is loaded, built in, or a module of this kernel. Where no lists are, nobody can tell. */
function checkKernel(probes: Probes): Finding {
  const folder = `/lib/modules/${probes.kernelRelease}`;
  const lists = ["modules.builtin", "modules.dep"].map((file) => probes.read(`${folder}/${file}`));
  if (lists.every((list) => list === undefined)) return fine("kernel", "its modules are not listed here");
  const fileSystems = probes.read("/proc/filesystems") ?? "";
  const missing = MODULES.filter(
    (name) =>
      !probes.exists(`/sys/module/${name}`) &&
      !new RegExp(`\\t${name}$`, "m").test(fileSystems) &&
      !lists.some((list) => list && new RegExp(`/${name.replaceAll("_", "[-_]")}\\.ko`).test(list)),
  );
  if (missing.length === 0) return fine("kernel", `${probes.kernelRelease} has what it needs`);
  return failure(
    "kernel",
    `The kernel ${probes.kernelRelease} lacks what the stand-in needs: ${missing.join(", ")}.`,
    "Boot the distribution's standard kernel (not a cloud or minimal one), or use VirtualBox.",
  );
}
