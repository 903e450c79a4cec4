import { removeCommand, setCommand } from "../problems";
import type { Check, CheckInput } from "./check";

/** A checksum belongs to a download of one's own choice, and one over plain HTTP must have it. */
export const checkImage: Check = (input) => [
  ...uselessChecksum(input),
  ...unprotected(input),
  ...standIn(input),
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
