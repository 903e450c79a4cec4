import { removeCommand, setCommand } from "../problems";
import type { CheckInput, ConfigurationCheck } from "./check";

/** /boot and the volumes of the lvm layout, the least of /var among them; see supply/base/layout/lvm. */
const LVM_GIB = 27;

/** What may be said of the machines' image together, and where. */
export const checkImage: ConfigurationCheck = (input) => [
  ...uselessChecksum(input),
  ...unprotected(input),
  ...standIn(input),
  ...layout(input),
  ...layoutRoom(input),
];

function uselessChecksum({ configuration }: CheckInput) {
  const { base, checksum } = configuration.image;
  return checksum === undefined || /^https?:\/\//.test(base)
    ? []
    : [
        {
          key: "image.checksum",
          value: checksum,
          reason: `image.base is ${base}, which is not downloaded from an address of yours`,
          allowed: "with a URL as image.base only",
          fix: removeCommand("image.checksum"),
          dependsOn: ["image.base"],
        },
      ];
}

function unprotected({ configuration }: CheckInput) {
  const { base, checksum } = configuration.image;
  return checksum !== undefined || !base.startsWith("http://")
    ? []
    : [
        {
          key: "image.base",
          value: base,
          reason: "anybody on the way can change what comes over plain HTTP",
          allowed: "an https:// address, or image.checksum beside it",
          fix: setCommand("image.base", base.replace(/^http:/, "https:")),
          dependsOn: ["image.checksum"],
        },
      ];
}

/** Another image is prepared by booting it once with a serial console, which a container has not. */
function standIn({ configuration }: CheckInput) {
  const { hypervisor, image } = configuration;
  return hypervisor !== "embedded" || image.base === "built"
    ? []
    : [
        {
          key: "image.base",
          value: image.base,
          reason:
            "the embedded stand-in's machines are containers, which cannot boot another image to prepare it",
          allowed: "built with hypervisor embedded",
          fix: setCommand("image.base", "built"),
          dependsOn: ["hypervisor"],
        },
      ];
}

/** Another image is divided as it is, and a container sees no disk that is divided. */
function layout({ configuration }: CheckInput) {
  const { hypervisor, image } = configuration;
  const reasons = [
    ...(image.base === "built" ? [] : [`image.base is ${image.base}, which has a layout of its own`]),
    ...(hypervisor === "embedded"
      ? ["the embedded stand-in's machines are containers, which have no disk to divide"]
      : []),
  ];
  return image.layout === "plain" || reasons.length === 0
    ? []
    : [
        {
          key: "image.layout",
          value: image.layout,
          reason: reasons.join("; "),
          allowed: "plain, or lvm with image.base built and hypervisor virtualbox",
          fix: setCommand("image.layout", "plain"),
          dependsOn: ["image.base", "hypervisor"],
        },
      ];
}

function layoutRoom({ configuration }: CheckInput) {
  const { layout, rootDiskGiB } = configuration.image;
  return layout === "plain" || rootDiskGiB >= LVM_GIB
    ? []
    : [
        {
          key: "image.rootDiskGiB",
          value: rootDiskGiB,
          reason: "image.layout is lvm, whose volumes have no room on it",
          allowed: `at least ${LVM_GIB} with lvm`,
          fix: setCommand("image.rootDiskGiB", LVM_GIB),
          dependsOn: ["image.layout"],
        },
      ];
}
