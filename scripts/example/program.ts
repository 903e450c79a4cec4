import { delimiter, join, resolve } from "node:path";
import type { EngineSetUp } from "../../lab/stack/engine-set-up";
import { Stack } from "../../lab/stack/stack";
import { setUp, setUpEngine } from "../set-up/set-up";

/** Every program of examples/ has this one stack, whose lab stands beside those of the project. */
const stackName = "example";

/**
 * Brings up the lab of a program that imports ours, and what it deploys there.
 * @param folder the program's, with `Pulumi.example.yaml`
 * @returns Pulumi's exit status
 */
export async function bringUpProgram(folder: string): Promise<number> {
  const ready = await setUp(stackName, configFileIn(folder));
  // Its commands call the bundle's kubectl.
  const PATH = [join(ready.bundle, "bin"), ready.environment.PATH].join(delimiter);
  const stack = stackOf(folder, { ...ready, environment: { ...ready.environment, PATH } });
  await stack.select();
  return stack.run(["up", "--yes", "--skip-preview"]);
}

/** Takes both away. @returns Pulumi's exit status */
export async function removeProgram(folder: string): Promise<number> {
  const stack = stackOf(folder, await setUpEngine(stackName, configFileIn(folder)));
  await stack.select();
  return stack.run(["destroy", "--yes", "--skip-preview"]);
}

function stackOf(folder: string, ready: EngineSetUp): Stack {
  return new Stack(stackName, { ...ready, project: resolve(folder) });
}

function configFileIn(folder: string): string {
  return join(folder, `Pulumi.${stackName}.yaml`);
}
