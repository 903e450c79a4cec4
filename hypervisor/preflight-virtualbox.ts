import { HypervisorError } from "./errors";
import { locateVBoxManage } from "./locate";
import { isAtLeast, parseVersion } from "./output";
import type { Finding } from "./preflight";
import type { Probes } from "./probes";

/** Older ones lack options that have no other name there; see template-options.ts. */
const LEAST_VERSION = [6, 1, 0] as const;
/** First version with host-only networks there. */
const LEAST_ON_MACOS = [7, 0, 0] as const;
/** First version that runs on Apple silicon. */
const LEAST_ON_ARM = [7, 1, 0] as const;
/** Oldest that Oracle still mends. */
const MAINTAINED_SINCE = [7, 0, 0] as const;
/** From here on VirtualBox shares the processor's virtualisation with KVM by itself (VirtualBox #711). */
const SHARES_WITH_KVM = [7, 2, 10] as const;
/** From here on KVM holds the virtualisation as soon as its module is loaded (VirtualBox #141, #188). */
const KVM_HOLDS_SINCE = [6, 12] as const;

/** Whether VirtualBox is there, recent enough and able to start machines. */
export async function checkVirtualBox(probes: Probes): Promise<Finding[]> {
  try {
    locateVBoxManage("virtualbox", probes.host);
  } catch (error) {
    if (!(error instanceof HypervisorError)) throw error;
    return [{ severity: "error", problem: error.message, fix: error.remedy }];
  }
  const text = await probes.vboxManage("virtualbox", ["--version"]);
  const version = text === undefined ? undefined : parseVersion(text);
  if (!version)
    return [
      {
        severity: "error",
        problem: `VBoxManage --version gives no version: ${JSON.stringify(text?.trim() ?? "it failed")}.`,
        fix: "Install VirtualBox anew; run `VBoxManage --version` by hand to see what it says.",
      },
    ];
  return [...checkVersion(version, probes), ...(await checkSystem(version, probes))];
}

function checkVersion(version: readonly number[], probes: Probes): Finding[] {
  const onArm = probes.architecture === "arm64";
  const onMacos = probes.host.platform === "darwin";
  const least = onArm ? LEAST_ON_ARM : onMacos ? LEAST_ON_MACOS : LEAST_VERSION;
  const fix = "Install a current one: https://www.virtualbox.org/wiki/Downloads.";
  const name = `VirtualBox ${version.join(".")}`;
  if (!isAtLeast(version, least)) {
    const here = onArm ? " on this processor" : onMacos ? " on macOS" : "";
    const problem = `${name} is too old; ${least.join(".")} or later is needed${here}.`;
    return [{ severity: "error", problem, fix }];
  }
  if (isAtLeast(version, MAINTAINED_SINCE)) return [];
  return [{ severity: "warning", problem: `${name} is no longer maintained, and not tried here.`, fix }];
}

function checkSystem(version: readonly number[], probes: Probes): Promise<Finding[]> | Finding[] {
  switch (probes.host.platform) {
    case "linux":
      return [...checkDriver(probes), ...checkKvm(version, probes), ...checkProcessor(probes)];
    case "win32":
      return checkHyperV(probes);
    default:
      return [];
  }
}

/** The kernel driver is a device once it is loaded. */
function checkDriver(probes: Probes): Finding[] {
  if (probes.exists("/dev/vboxdrv")) return [];
  return [
    {
      severity: "error",
      problem: `VirtualBox's kernel driver is not loaded (no /dev/vboxdrv, kernel ${probes.kernelRelease}).`,
      fix: driverFix(probes),
    },
  ];
}

/** Debian's and Oracle's packages build the driver in different ways. */
function driverFix(probes: Probes): string {
  const build = probes.exists("/sbin/vboxconfig")
    ? "Run `sudo /sbin/vboxconfig` (it needs the kernel's headers)."
    : "Run `sudo apt install linux-headers-$(uname -r) virtualbox-dkms` and `sudo modprobe vboxdrv`.";
  if (!secureBoot(probes)) return build;
  const key = probes.exists("/sbin/vboxconfig")
    ? "/var/lib/shim-signed/mok/MOK.der"
    : "/var/lib/dkms/mok.pub";
  return `${build} Secure Boot is on: the driver must be signed with an enrolled key, \`sudo mokutil --import ${key}\`, then reboot.`;
}

/** The firmware's variable: four bytes of attributes, then 1 when Secure Boot is on. Source: UEFI specification. */
function secureBoot(probes: Probes): boolean {
  const value = probes.read("/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c");
  return value?.charCodeAt(4) === 1;
}

function checkKvm(version: readonly number[], probes: Probes): Finding[] {
  const kernel = probes.kernelRelease.split(/[.-]/).slice(0, 2).map(Number);
  const module = ["kvm_intel", "kvm_amd"].find((name) => probes.exists(`/sys/module/${name}`));
  if (!module || !isAtLeast(kernel, KVM_HOLDS_SINCE)) return [];
  const held = probes.read("/sys/module/kvm/parameters/enable_virt_at_load")?.trim() !== "N";
  const shares = isAtLeast(version, SHARES_WITH_KVM);
  if (!shares && held)
    return [
      {
        severity: "error",
        problem: `${module} holds the processor's virtualisation (kernel ${probes.kernelRelease}, VirtualBox ${version.join(".")}).`,
        fix: `Run \`sudo modprobe -r ${module}\` now; for good, update VirtualBox to ${SHARES_WITH_KVM.join(".")} or boot with kvm.enable_virt_at_load=0.`,
      },
    ];
  if (shares && !held)
    return [
      {
        severity: "error",
        problem: `kvm.enable_virt_at_load=0 is set, which VirtualBox ${version.join(".")} no longer copes with.`,
        fix: `Remove it from /etc/modprobe.d and the kernel's command line and reboot, or run \`sudo modprobe -r ${module} kvm\`.`,
      },
    ];
  return [];
}

function checkProcessor(probes: Probes): Finding[] {
  const flags = /^flags\s*:(.*)$/m.exec(probes.read("/proc/cpuinfo") ?? "")?.[1];
  if (flags === undefined || /\b(?:vmx|svm)\b/.test(flags)) return [];
  return [
    {
      severity: "error",
      problem: "The processor offers no VT-x or AMD-V.",
      fix: "Switch it on in the firmware set-up; inside a virtual machine, switch on nested virtualisation for it.",
    },
  ];
}

/** VirtualBox works beside Hyper-V, but slowly, and on some computers not at all (VERR_NEM_VM_CREATE_FAILED). */
async function checkHyperV(probes: Probes): Promise<Finding[]> {
  const question = "(Get-CimInstance Win32_ComputerSystem).HypervisorPresent";
  const result = await probes.run("powershell.exe", ["-NoProfile", "-NonInteractive", "-Command", question]);
  if (result.stdout.trim().toLowerCase() !== "true") return [];
  return [
    {
      severity: "warning",
      problem:
        "Windows' own hypervisor (Hyper-V, WSL 2, memory integrity) runs: machines are slow beside it or do not start.",
      fix: "`bcdedit /set hypervisorlaunchtype off` as administrator, switch off Core isolation > Memory integrity, reboot.",
    },
  ];
}
