import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { onPath, thisHost } from "../../lib/host";
import { type Log, step } from "../../lib/progress";
import { run } from "../../lib/run";
import { compareVersions } from "../../lib/version";
import { cliVersion, nodeHostVersion, oldestGo } from "./versions";

interface Build {
  /** Folder below modules/ with go.mod and go.sum. */
  module: string;
  package: string;
  program: string;
  version: string;
}

const builds: readonly Build[] = [
  {
    module: "nodejs-host",
    package: "github.com/pulumi/pulumi/sdk/v3/nodejs/cmd/pulumi-language-nodejs",
    program: "pulumi-language-nodejs",
    version: nodeHostVersion,
  },
  {
    module: "cli",
    package: "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
    program: "pulumi",
    version: cliVersion,
  },
];

/**
 * Builds the CLI and the Node.js language host from their Go modules into a folder: some 5 minutes on two cores, seconds
 * when Go still has the parts. An interrupted build goes on where it was.
 * @throws Error if there is no Go, or one too old.
 */
export async function buildEngine(
  folder: string,
  projectFolder: string,
  environment: NodeJS.ProcessEnv,
  log: Log,
): Promise<void> {
  const go = await requireGo(environment);
  await mkdir(folder, { recursive: true });
  for (const build of builds) {
    // The checksums of all modules are in go.sum; nothing else is to change these files.
    const place = {
      folder: join(projectFolder, "supply", "engine", "modules", build.module),
      environment: {
        ...environment,
        CGO_ENABLED: "0",
        GOWORK: "off",
        GOFLAGS: "-mod=readonly -buildvcs=false",
      },
    };
    // Lists what is needed and, on the way, downloads it.
    const needed = await step(log, `downloading the Go modules of ${build.program} ${build.version}`, () =>
      run({ program: go, arguments: ["list", "-deps", build.package], ...place }),
    );
    const packages = needed.trimEnd().split("\n").length;
    let compiled = 0;
    const suffix = process.platform === "win32" ? ".exe" : "";
    const version = `github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v${build.version}`;
    const target = join(folder, build.program + suffix);
    await step(
      log,
      `compiling ${build.program} ${build.version}`,
      () =>
        run({
          program: go,
          arguments: [
            // Debugging tables, which the linker leaves out, would be a sixth of the compiler's time.
            ...["build", "-v", "-trimpath", "-gcflags=all=-dwarf=false", "-ldflags", `-s -w -X ${version}`],
            ...["-o", target, build.package],
          ],
          ...place,
          onErrorLine: () => {
            compiled++;
          },
        }),
      () => `${compiled} of ${packages} packages`,
    );
  }
}

async function requireGo(environment: NodeJS.ProcessEnv): Promise<string> {
  const go = onPath(thisHost(environment), "go");
  const remedy = `Install Go ${oldestGo} or newer (https://go.dev/dl), or the Pulumi CLI (https://www.pulumi.com/docs/install).`;
  if (go === undefined) {
    throw new Error(
      `The Pulumi CLI is neither installed nor downloadable, and there is no Go to build it. ${remedy}`,
    );
  }
  const version = await run({
    program: go,
    arguments: ["env", "GOVERSION"],
    environment,
    timeoutSeconds: 30,
  });
  if (compareVersions(version, oldestGo) < 0) {
    throw new Error(`The Pulumi CLI can't be built by ${go}, ${version.trim()}: it's too old. ${remedy}`);
  }
  return go;
}
