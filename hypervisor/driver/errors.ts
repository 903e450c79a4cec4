import { RemedyError } from "../../lib/remedy-error";

/** VBoxManage said no: which call, how it ended, its own error code (`VBOX_E_…` or `VERR_…`) and the remedy. */
export class VBoxManageError extends RemedyError {
  override name = "VBoxManageError";

  constructor(
    readonly args: readonly string[],
    /** Exit status; 0 is possible, VBoxManage sometimes fails with it; null when it was ended by a signal. */
    readonly status: number | null,
    /** The most telling code of the message, or "" when it has none. */
    readonly code: string,
    /** Its error lines, without prefix and without progress. */
    readonly detail: string,
    remedy: string,
  ) {
    super(
      `VBoxManage ${args.map(quoted).join(" ")} failed (status ${status}${code && `, ${code}`}): ${detail}`,
      remedy,
    );
  }

  /** The named machine or medium is not known to the hypervisor. */
  get isNotFound(): boolean {
    return (
      this.code === "VBOX_E_OBJECT_NOT_FOUND" || /^Could not find a registered machine/m.test(this.detail)
    );
  }

  /** Another process holds the machine or medium at this moment. Source: Vagrant's and Packer's drivers. */
  get isLocked(): boolean {
    return (
      this.code === "VBOX_E_INVALID_OBJECT_STATE" || /\b(already|while it is|is) locked\b/.test(this.detail)
    );
  }

  /** VirtualBox's service was starting or stopping at this moment: the call has done nothing. */
  get isUnreachable(): boolean {
    return /^Failed to create the VirtualBox object/m.test(this.detail);
  }

  /** The medium is attached to a machine, or others build on it. */
  get isInUse(): boolean {
    return this.code === "VBOX_E_OBJECT_IN_USE";
  }

  /** A file or medium of that name is already there. */
  get isAlreadyThere(): boolean {
    return this.code === "VERR_ALREADY_EXISTS" || /already exists/.test(this.detail);
  }
}

function quoted(argument: string): string {
  return /^[\w@%+=:,./\\{}-]+$/.test(argument) ? argument : JSON.stringify(argument);
}

/** Error codes of the form that VirtualBox prints, most telling first: its runtime's, its own, then COM's. */
const CODE_PATTERNS = [
  /\bVERR_[A-Z0-9_]+/,
  /\bVBOX_E_[A-Z0-9_]+/,
  /\bE_ACCESSDENIED\b/,
  /\bNS_ERROR_[A-Z0-9_]+/,
];

/** The code of an error text, "" when there is none. */
export function errorCode(text: string): string {
  for (const pattern of CODE_PATTERNS) {
    const found = pattern.exec(text);
    if (found) return found[0];
  }
  return "";
}

/** For a machine that does not start because VirtualBox's driver is missing. */
export const DRIVER_REMEDY =
  "Load VirtualBox's kernel driver: Oracle's packages `sudo /sbin/vboxconfig`, Debian's `sudo apt install virtualbox-dkms`; " +
  "with Secure Boot it must be signed and the key enrolled (`mokutil --import`).";

/** What to do, by what VirtualBox says; the first that matches. */
const REMEDIES: readonly [RegExp, string][] = [
  [/VERR_VM_DRIVER_NOT_INSTALLED|VERR_SUPDRV|vboxdrv|[Kk]ernel driver not installed/, DRIVER_REMEDY],
  [
    /VERR_VMX_IN_VMX_ROOT_MODE|VERR_SVM_IN_USE/,
    "KVM holds the processor's virtualisation: stop KVM guests and `sudo modprobe -r kvm_intel kvm_amd`; for good, update " +
      "VirtualBox to 7.2.10 or later, or before that boot with kvm.enable_virt_at_load=0.",
  ],
  [
    /VERR_SVM_HOST_SVME_NOT_ENABLED|VERR_VMX_HOST_/,
    "From VirtualBox 7.2.10 on, kvm.enable_virt_at_load=0 must be undone: remove it from /etc/modprobe.d and the kernel's " +
      "command line, reboot.",
  ],
  [
    /VERR_VMX_(NO_VMX|MSR_ALL_VMX_DISABLED|MSR_VMX_DISABLED)|VERR_SVM_(NO_SVM|DISABLED)/,
    "Switch on VT-x or AMD-V in this computer's firmware set-up.",
  ],
  [
    /VERR_NEM_/,
    "Windows' own hypervisor is in the way: `bcdedit /set hypervisorlaunchtype off`, switch off memory integrity, reboot.",
  ],
  [
    /not within the allowed ranges/,
    "VirtualBox permits host-only addresses in 192.168.56.0/21 only: use one of those, or add `* <subnet>` to " +
      "/etc/vbox/networks.conf.",
  ],
  [
    /VERR_DISK_FULL|No space left/,
    "Free disk space where the machines are, or move VirtualBox's default machine folder.",
  ],
  [
    /VERR_NO_MEMORY|VERR_NO_LOW_MEMORY|VERR_OUT_OF/,
    "Free memory on this computer, or lower the machines' memory.",
  ],
  [
    /redirection of|VERR_NAT_REDIR/,
    "A forwarded port is taken by another program: end it or choose another port.",
  ],
  [
    /VERR_ALREADY_EXISTS|already exists/,
    "Something of this name is left from before: run `npm run down`, then look there.",
  ],
  [
    /VBOX_E_OBJECT_NOT_FOUND|Could not find/,
    "It was removed by something else: run `npm run up` again, it will be recreated.",
  ],
  [
    /Failed to create the VirtualBox object/,
    "VirtualBox's service does not start: end all VirtualBox programs, look at VBoxSVC.log in VirtualBox's settings folder.",
  ],
  [
    /VBOX_E_INVALID_OBJECT_STATE|is locked|already locked/,
    "Another program works on this machine (VirtualBox's window, another VBoxManage): let it finish, then run again.",
  ],
];

/** The remedy for a text of VBoxManage's. */
export function remedyFor(text: string): string {
  for (const [pattern, remedy] of REMEDIES) if (pattern.test(text)) return remedy;
  return "Run the same VBoxManage call by hand to see more; the machine's log is in its folder below Logs/VBox.log.";
}

/** The specification in the environment or on standard input is wrong; every problem at once. */
export class SpecificationError extends RemedyError {
  override name = "SpecificationError";

  constructor(readonly problems: readonly string[]) {
    super(
      `${problems.length} problem${problems.length === 1 ? "" : "s"} in the specification:\n` +
        problems.map((problem) => `  - ${problem}`).join("\n"),
      "The Pulumi program gives these values; by hand, set them in the environment.",
    );
  }
}
