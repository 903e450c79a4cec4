import { systemOptions, templateOptions } from "../../../hypervisor/image/template-options";

/** What each version takes, in the spelling that it knows. Source: g_aModifyVMOptions in its VBoxManageModifyVM.cpp. */
const COMMON = [
  ...["description", "cpus", "memory", "ioapic", "rtcuseutc", "firmware", "paravirtprovider", "usbehci"],
  ...["usbxhci", "vrde", "graphicscontroller", "vram", "boot1", "boot2", "boot3", "boot4", "nic1"],
];
const KNOWN: Record<string, string[]> = {
  "6.1.50": [...COMMON, "audio", "usb"],
  "7.0.26": [...COMMON, "audio", "audio-enabled", "usb", "usb-ohci"],
  "7.1.12": [...COMMON, "audio", "audio-enabled", "usb", "usb-ohci"],
  "7.2.22": [...COMMON, "audio", "audio-enabled", "usb", "usb-ohci"],
};
const OLD_NAMES = ["audio", "usb"];

const platform = (version: string, architecture: NodeJS.Architecture = "x64") => ({
  version: version.split(".").map(Number),
  architecture,
});
/** Options without their values. */
const names = (options: string[]) =>
  options.filter((word) => word.startsWith("--")).map((word) => word.slice(2));

it.each(Object.keys(KNOWN))("has only options that %s knows", (version) => {
  const used = names(templateOptions(platform(version), "bios"));
  expect(used.filter((name) => !KNOWN[version]?.includes(name))).toEqual([]);
  expect(new Set(used).size).toBe(used.length);
});

it.each(["7.0.26", "7.1.12", "7.2.22"])("leaves the names that %s calls deprecated", (version) => {
  const used = names(templateOptions(platform(version), "bios"));
  expect(used.filter((name) => OLD_NAMES.includes(name))).toEqual([]);
});

it.each(Object.keys(KNOWN))("switches sound, USB and remote display off in %s", (version) => {
  const words = templateOptions(platform(version), "bios").join(" ");
  expect(words).toMatch(/--audio(?:-enabled off| none)/);
  expect(words).toMatch(/--usb(?:-ohci)? off --usbehci off --usbxhci off --vrde off/);
});

it("names ARM where it is meant, and gives it no interface that its guests do not know", () => {
  expect(systemOptions(platform("7.2.22", "arm64"))).toContain("--platform-architecture");
  expect(systemOptions(platform("6.1.50"))).toEqual(["--ostype", "Debian_64"]);
  expect(names(templateOptions(platform("7.2.22", "arm64"), "efi"))).not.toContain("paravirtprovider");
});

it("starts by what its disk is made for", () => {
  expect(templateOptions(platform("7.2.22"), "efi").join(" ")).toContain("--firmware efi");
  expect(templateOptions(platform("7.2.22"), "bios").join(" ")).toContain("--firmware bios");
});
