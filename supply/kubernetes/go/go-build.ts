import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { BuildContext } from "../component";
import { goCommand } from "./go-command";
import { prepareModule, type Requirement } from "./go-module";

/** Programs to build out of a module. */
export interface GoBuild {
  /** Folder below modules/ of the small module that says which release it is. */
  module: string;
  requirements?: Requirement[];
  /** Import paths; "." is the module itself; "tool" means all that go.mod names as tools. */
  packages: string[];
  /** Values that the linker sets, by variable. */
  variables?: Record<string, string>;
  tags?: string[];
  /** With C, linked statically; needs gcc. */
  cgo?: boolean;
}

/**
 * Builds out of the small module and returns the folder with the programs, each named as Go names it (the import path's last
 * part).
 */
export async function goBuild(context: BuildContext, build: GoBuild): Promise<string> {
  const folder = join(context.scratch, `module-${build.module}`);
  await prepareModule(join(context.modules, build.module), folder, build.requirements ?? [], context.detail);
  return goBuildIn(folder, context, build);
}

/** The same out of a module that is in a folder already, as it is. */
export async function goBuildIn(folder: string, context: BuildContext, build: GoBuild): Promise<string> {
  const output = join(context.scratch, `programs-${build.module}`);
  await mkdir(output, { recursive: true });
  const linker = ["-s", "-w", ...(build.cgo ? ["-extldflags", "-static"] : [])];
  for (const [variable, value] of Object.entries(build.variables ?? {}))
    linker.push("-X", `${variable}=${value}`);
  const tags = [...(build.tags ?? []), ...(build.cgo ? ["netgo", "osusergo"] : [])];
  const environment = {
    CGO_ENABLED: build.cgo ? "1" : "0",
    GOOS: "linux",
    GOARCH: context.architecture,
  };
  const which = ["-mod=readonly", ...(tags.length > 0 ? ["-tags", tags.join(",")] : [])];
  const go = (words: string[], onLine: (line: string) => void) =>
    goCommand({ arguments: words, folder, environment, onLine });
  // Downloads what is needed, on the way.
  const needed = await go(["list", ...which, "-deps", ...build.packages], context.detail);
  const count = needed.trimEnd().split("\n").length;
  let compiled = 0;
  // Debugging tables, which the linker leaves out, would be a sixth of the compiler's time.
  const compiler = ["-trimpath", "-buildvcs=false", "-gcflags=all=-dwarf=false"];
  const flags = ["-v", ...compiler, "-ldflags", linker.join(" ")];
  await go(["build", ...which, ...flags, "-o", `${output}/`, ...build.packages], (line) =>
    context.detail(line.startsWith("go: ") ? line : `${++compiled} of ${count} packages compiled`),
  );
  return output;
}
