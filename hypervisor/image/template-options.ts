import { isAtLeast } from "../../lib/version";
import type { Firmware } from "./firmware";

/** What decides which options there are and how they are called. */
export interface Platform {
  /** VirtualBox's: 7.2.22 is [7, 2, 22]. */
  version: readonly number[];
  /** The machines' is the host's. */
  architecture: NodeJS.Architecture;
}

/**
 * Options that older versions call otherwise. All others are spelled as every version knows them: 7.0 took the hyphens in
 * (`--usb-ehci`) and goes on accepting the words without. Source: g_aModifyVMOptions in VBoxManageModifyVM.cpp of 6.1.97,
 * 7.0.14 and 7.1.6; 7.2.22 by the program itself.
 */
const RENAMED = [
  { since: [7, 0, 0], now: ["--audio-enabled", "off"], before: ["--audio", "none"] },
  { since: [7, 0, 0], now: ["--usb-ohci", "off"], before: ["--usb", "off"] },
] as const;

/** Of `createvm`: what runs in it. ARM machines, and the option that says so, came with 7.1, which preflight asks for there. */
export function systemOptions({ architecture }: Platform): string[] {
  return architecture === "arm64"
    ? ["--ostype", "Debian_arm64", "--platform-architecture", "arm"]
    : ["--ostype", "Debian_64"];
}

/**
 * Of `modifyvm`: what every machine inherits. No sound, no USB, no remote display, a text screen, clock in UTC, several
 * processors, and the interface to the hypervisor that Linux knows best (an ARM guest has none).
 */
export function templateOptions(platform: Platform, firmware: Firmware): string[] {
  return [
    ...["--cpus", "1", "--memory", "1024"],
    ...["--ioapic", "on", "--rtcuseutc", "on", "--firmware", firmware],
    ...(platform.architecture === "arm64" ? [] : ["--paravirtprovider", "kvm"]),
    ...RENAMED.flatMap(({ since, now, before }) => (isAtLeast(platform.version, since) ? now : before)),
    ...["--usbehci", "off", "--usbxhci", "off", "--vrde", "off"],
    ...["--graphicscontroller", "vmsvga", "--vram", "16"],
    ...["--boot1", "disk", "--boot2", "none", "--boot3", "none", "--boot4", "none"],
    ...["--nic1", "none"],
  ];
}
