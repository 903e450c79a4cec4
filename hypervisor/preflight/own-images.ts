import { RemedyError } from "../../lib/remedy-error";
import type { LabPlan } from "../../plan/lab-plan";
import { ownImages } from "../containers/wanted-images";
import { type Finding, failure, fine } from "./finding";
import type { Probes } from "./probes";

/** The archives that the configuration names can be loaded: `up` finds that out before it makes machines. */
export async function checkOwnImages(
  { stack, imageArchives }: LabPlan,
  { host }: Probes,
): Promise<Finding[]> {
  if (imageArchives.length === 0) return [];
  try {
    const { configured } = await ownImages(host.project, stack, imageArchives);
    const names = configured.flatMap(({ images }) => images.map(({ name }) => name));
    return [fine("images", names.join(", "))];
  } catch (error) {
    if (error instanceof RemedyError)
      return [failure("images", error.message, "see each; or leave it out of kube-lab:images")];
    throw error;
  }
}
