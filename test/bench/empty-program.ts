import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Stack } from "../../lab/stack/stack";
import type { SetUp } from "../../scripts/set-up/set-up";

/** A stack of a program without resources, on the same engine: what no lab can go below. */
export async function emptyProgram(setUp: SetUp): Promise<{ stack: Stack; remove: () => Promise<void> }> {
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
  return {
    stack,
    remove: async () => {
      await stack.text(["destroy", "--yes", "--skip-preview"]);
      await stack.remove();
      rmSync(project, { recursive: true });
    },
  };
}
