import type { Hypervisor } from "../../plan/lab-plan";
import { hypervisorIn } from "./lab";
import { NAME, Reader } from "./reader";

export interface ImageSpecification {
  hypervisor: Hypervisor;
  /** Name of the template machine: `kube-lab-image-0a1b2c3d4e5f`. */
  image: string;
  /** The disk it is made from; raw, qcow2, vmdk or vdi. Never changed, never attached. */
  baseDisk: string;
  rootDiskGiB: number;
  /** Folder with the bundle when the disk is a plain cloud image that must boot once to be prepared. */
  bundle?: string;
  /** Token of the Pulumi program, kept in the template. */
  incarnation?: string;
}

/** For `image ensure`. @throws SpecificationError with every problem. */
export function readImageSpecification(environment: NodeJS.ProcessEnv): ImageSpecification {
  const reader = new Reader(environment);
  const bundle = reader.optional("BUNDLE");
  const incarnation = reader.optional("INCARNATION");
  return reader.finish({
    hypervisor: hypervisorIn(reader),
    image: reader.text("IMAGE", NAME, "the template machine's name"),
    baseDisk: reader.text("BASE_DISK", /\S/, "the path of a disk image"),
    rootDiskGiB: reader.integer("ROOT_DISK_GIB", 1, 65_536),
    ...(bundle === undefined ? {} : { bundle }),
    ...(incarnation === undefined ? {} : { incarnation }),
  });
}
