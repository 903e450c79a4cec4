import { type ExistingLab, existingLab } from "../../lab/existing-lab";
import { Stack } from "../../lab/stack/stack";
import { setUpEngine } from "./set-up";

/** @throws Error when the stack has no lab, or one that never came up whole. */
export async function openLab(stackName: string): Promise<ExistingLab> {
  const ready = await setUpEngine(stackName);
  return existingLab(new Stack(stackName, ready), ready.plan);
}
