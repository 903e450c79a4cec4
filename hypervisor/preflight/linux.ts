import { type LinuxFamily, linuxFamily } from "../../lib/linux-distribution";
import { isAtLeast, type Version } from "../../lib/version";
import { type Finding, failure, fine } from "./finding";
import type { Probes } from "./probes";

/** From here on VirtualBox shares the processor's virtualisation with KVM by itself (VirtualBox #711). */
const SHARES_WITH_KVM: Version = [7, 2, 10];
/** From here on KVM holds the virtualisation as soon as its module is loaded (VirtualBox #141, #188). */
const KVM_HOLDS_SINCE = [6, 12] as const;

/** Kernel driver, Secure Boot, KVM and processor: what VirtualBox needs of Linux to start a machine. */
export function checkLinux(version: Version, probes: Probes): Finding[] {
  return [checkDriver(probes), checkKvm(version, probes), checkProcessor(probes)];
}

/** The kernel driver is a device once it is loaded. Secure Boot refuses one that nobody known has signed. */
function checkDriver(probes: Probes): Finding {
  const secure = secureBoot(probes);
  const check = "kernel driver";
  if (probes.exists("/dev/vboxdrv")) return fine(check, `loaded${secure ? ", with Secure Boot on" : ""}`);
  const state = `not loaded (no /dev/vboxdrv, kernel ${probes.kernelRelease})`;
  const family = linuxFamily(probes.read("/etc/os-release"));
  const steps = [
    ...(isBuilt(probes) ? [] : [buildCommand(family, probes)]),
    ...(secure ? [enrollCommand(family, probes)] : []),
    "`sudo modprobe vboxdrv`",
  ];
  return failure(
    check,
    secure ? `${state}; Secure Boot is on: it must be signed with an enrolled key.` : `${state}.`,
    steps.join(", then "),
  );
}

function isBuilt(probes: Probes): boolean {
  return /\/vboxdrv\.ko/.test(probes.read(`/lib/modules/${probes.kernelRelease}/modules.dep`) ?? "");
}

/** Oracle's packages bring a script that builds the driver; the distributions' own leave it to DKMS or akmods. */
function buildCommand(family: LinuxFamily, { kernelRelease, exists }: Probes): string {
  const oracle = exists("/sbin/vboxconfig");
  const build = oracle ? " && sudo /sbin/vboxconfig" : "";
  switch (family) {
    case "debian":
    case "ubuntu":
      return `\`sudo apt install linux-headers-${kernelRelease}${oracle ? ` gcc make perl${build}` : " virtualbox-dkms"}\``;
    case "fedora":
      return oracle
        ? `\`sudo dnf install kernel-devel-${kernelRelease} gcc make perl elfutils-libelf-devel${build}\``
        : `\`sudo dnf install kernel-devel-${kernelRelease} akmod-VirtualBox && sudo akmods --force\``;
    case "suse":
      return oracle
        ? `\`sudo zypper install kernel-default-devel gcc make perl${build}\``
        : "`sudo zypper install virtualbox-kmp-default`";
    case "arch":
      return "`sudo pacman -S --needed linux-headers virtualbox-host-dkms` (of your kernel: linux-lts-headers, …)";
    case "other":
      return oracle
        ? "install your kernel's headers, gcc, make and perl && `sudo /sbin/vboxconfig`"
        : "install your distribution's package of VirtualBox's kernel modules";
  }
}

/** Which key signs depends on who builds: Oracle's script and Ubuntu's DKMS take shim-signed's, others have their own. */
function enrollCommand(family: LinuxFamily, { exists }: Probes): string {
  const shim = "/var/lib/shim-signed/mok/MOK.der";
  const restart = ", reboot and choose “Enroll MOK”";
  if (exists("/sbin/vboxconfig")) {
    // Only shim-signed of Debian and its kin makes the key; the script names the way where there is none.
    const made = exists(shim) || family === "debian" || family === "ubuntu";
    return `${made ? "" : `make a key there as \`sudo /sbin/vboxconfig\` says, `}\`sudo mokutil --import ${shim}\`${restart}`;
  }
  switch (family) {
    case "fedora":
      return `\`sudo kmodgenca -a; sudo mokutil --import /etc/pki/akmods/certs/public_key.der\`${restart}`;
    case "ubuntu":
      return `\`sudo mokutil --import ${shim}\`${restart}`;
    default:
      return `\`sudo mokutil --import /var/lib/dkms/mok.pub\`${restart}`;
  }
}

/** The firmware's variable: four bytes of attributes, then 1 when Secure Boot is on. Source: UEFI specification. */
function secureBoot(probes: Probes): boolean {
  const value = probes.read("/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c");
  return value?.charCodeAt(4) === 1;
}

function checkKvm(version: Version, probes: Probes): Finding {
  const kernel = probes.kernelRelease.split(/[.-]/).slice(0, 2).map(Number);
  const module = ["kvm_intel", "kvm_amd"].find((name) => probes.exists(`/sys/module/${name}`));
  if (!module) return fine("KVM", "not loaded");
  if (!isAtLeast(kernel, KVM_HOLDS_SINCE))
    return fine("KVM", `${module} is loaded and leaves VirtualBox room`);
  const held = probes.read("/sys/module/kvm/parameters/enable_virt_at_load")?.trim() !== "N";
  const shares = isAtLeast(version, SHARES_WITH_KVM);
  if (!shares && held)
    return failure(
      "KVM",
      `${module} holds the processor's virtualisation (kernel ${probes.kernelRelease}, VirtualBox ${version.join(".")}): VERR_VMX_IN_VMX_ROOT_MODE.`,
      `Run \`sudo modprobe -r ${module}\` now; for good, update VirtualBox to ${SHARES_WITH_KVM.join(".")} or boot with kvm.enable_virt_at_load=0.`,
    );
  if (shares && !held)
    return failure(
      "KVM",
      `kvm.enable_virt_at_load=0 is set, which VirtualBox ${version.join(".")} no longer copes with.`,
      `Remove it from /etc/modprobe.d and the kernel's command line and reboot, or run \`sudo modprobe -r ${module} kvm\`.`,
    );
  return fine("KVM", `${module} is loaded and shares with VirtualBox ${version.join(".")}`);
}

function checkProcessor(probes: Probes): Finding {
  const flags = /^flags\s*:(.*)$/m.exec(probes.read("/proc/cpuinfo") ?? "")?.[1];
  const found = flags === undefined ? undefined : /\b(vmx|svm)\b/.exec(flags)?.[1];
  if (flags === undefined || found !== undefined)
    return fine("processor", { vmx: "VT-x", svm: "AMD-V" }[found ?? ""] ?? "nothing speaks against it");
  return failure(
    "processor",
    "The processor offers no VT-x or AMD-V.",
    "Switch it on in the firmware set-up; inside a virtual machine, switch on nested virtualisation for it.",
  );
}
