import { invalidArgument, SyntaxFailure, VirtualBoxError } from "../errors";

/** A setting of hardware that a container does not have: checked as the real one checks it, kept and shown. */
interface Setting {
  /** What showvminfo calls it. */
  shown: string;
  /** @throws VirtualBoxError when the real one refuses the value */
  check: (value: string) => void;
}

const onOff = (shown: string): Setting => ({
  shown,
  check: (value) => {
    // The real one takes it for the next option.
    if (value !== "on" && value !== "off") throw new SyntaxFailure(`Unknown option: ${value}`, undefined, 1);
  },
});

const oneOf = (shown: string, option: string, ...values: string[]): Setting => ({
  shown,
  check: (value) => {
    if (!values.includes(value.toLowerCase()))
      throw new VirtualBoxError(`Invalid --${option} argument '${value}'`);
  },
});

const bootDevice = (shown: string): Setting => ({
  shown,
  check: (value) => {
    if (!["none", "floppy", "dvd", "disk", "net"].includes(value))
      throw new SyntaxFailure(`Invalid boot device '${value}'`);
  },
});

const videoMemory: Setting = {
  shown: "vram",
  check: (value) => {
    const size = Number(value);
    if (!Number.isInteger(size) || size < 1 || size > 256)
      throw invalidArgument(
        `Invalid VRAM size: ${value} MB (must be in range [1, 256] MB)`,
        "GraphicsAdapterWrap",
      );
  },
};

const drivers = ["none", "default", "null", "oss", "alsa", "pulse"];
const providers = ["none", "default", "legacy", "minimal", "hyperv", "kvm"];
const graphics = ["none", "vboxvga", "vmsvga", "vboxsvga", "qemuramfb"];

/** By `modifyvm`'s option. Source: VBoxManageModifyVM.cpp of 7.2. */
export const SETTINGS: Readonly<Record<string, Setting>> = {
  ioapic: onOff("ioapic"),
  "rtc-use-utc": onOff("rtcuseutc"),
  vram: videoMemory,
  graphicscontroller: oneOf("graphicscontroller", "graphicscontroller", ...graphics),
  "audio-enabled": onOff("audio"),
  "audio-driver": oneOf("audio", "audio-driver", ...drivers),
  audio: oneOf("audio", "audio", ...drivers),
  usb: onOff("usb"),
  "usb-ohci": onOff("usb"),
  "usb-ehci": onOff("ehci"),
  "usb-xhci": onOff("xhci"),
  vrde: onOff("vrde"),
  firmware: oneOf("firmware", "firmware", "bios", "efi", "efi32", "efi64"),
  chipset: oneOf("chipset", "chipset", "piix3", "ich9"),
  "paravirt-provider": oneOf("paravirtprovider", "paravirtprovider", ...providers),
  boot1: bootDevice("boot1"),
  boot2: bootDevice("boot2"),
  boot3: bootDevice("boot3"),
  boot4: bootDevice("boot4"),
};
