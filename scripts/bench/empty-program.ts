import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { SetUp } from "../set-up";
import { Stack } from "../stack";
import { median } from "./time";

/** Seconds that the same engine takes for a program without resources: what no lab can go below. */
export async function emptyProgram(setUp: SetUp, runs: number): Promise<{ preview: number; up: number }> {
  // Below the project, so that it finds the project's packages.
  const project = join(setUp.project, ".kube-lab", "bench");
  mkdirSync(project, { recursive: true });
  writeFileSync(join(project, "Pulumi.yaml"), "name: empty\nruntime: nodejs\n");
  writeFileSync(join(project, "package.json"), '{ "main": "index.ts" }\n');
  writeFileSync(join(project, "tsconfig.json"), '{ "compilerOptions": { "module": "node16" } }\n');
  writeFileSync(
    join(project, "index.ts"),
    'import * as pulumi from "@pulumi/pulumi";\nexport const stack = pulumi.getStack();\n',
  );
  const stack = new Stack("empty", { ...setUp, project });
  await stack.select();
  await stack.text(["up", "--yes", "--skip-preview"]);
  const preview = await median(runs, () => stack.text(["preview"]));
  const up = await median(runs, () => stack.text(["up", "--yes", "--skip-preview"]));
  await stack.text(["destroy", "--yes", "--skip-preview"]);
  await stack.remove();
  rmSync(project, { recursive: true });
  return { preview, up };
}
