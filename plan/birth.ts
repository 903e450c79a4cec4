import type { LabPlan } from "./lab-plan";

/**
 * What a machine's root disk is born as, and stays for as long as the machine lives: `built, 30 GiB, plain`. Only a plan that wants
 * another recreates machines: programs, images and files reach living ones in other ways.
 */
export function birthOf({ image: { base, rootDiskGiB, layout } }: Pick<LabPlan, "image">): string {
  return `${base}, ${rootDiskGiB} GiB, ${layout}`;
}
