import { cp } from "node:fs/promises";
import { join } from "node:path";
import type { BuildContext } from "../component";
import { goCommand } from "./go-command";
import type { Requirement } from "./go-module";

/**
 * The files of a Go module as it was released; the folder is in Go's cache and read-only. They are checked against the go.sum of
 * the small module where it has that release, else against Go's checksum database.
 * @param small folder below modules/
 */
export async function moduleFiles(
  context: Pick<BuildContext, "modules" | "scratch" | "detail">,
  small: string,
  [module, version]: Requirement,
): Promise<string> {
  // A copy: go writes down what it has checked.
  const folder = join(context.scratch, `${small}-checks`);
  await cp(join(context.modules, small), folder, { recursive: true });
  const output = await goCommand({
    arguments: ["mod", "download", "-json", `${module}@${version}`],
    folder,
    onLine: context.detail,
  });
  return (JSON.parse(output) as { Dir: string }).Dir;
}
