import { parseArgs } from "node:util";
import type { Architecture } from "../../plan/versions";
import { ensureBundle } from "./bundle";
import type { Source } from "./manifest";

const usage = `Makes Kubernetes' programs and images available, see supply/kubernetes.
  --version RELEASE        such as 1.36.3
  --architecture NAME      amd64 or arm64 (default: this computer's)
  --cache FOLDER           default: the user's cache folder of kube-lab
  --source NAME            auto (default), official or go-modules
  --verify                 read every file again instead of trusting size and time`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      version: { type: "string" },
      architecture: { type: "string" },
      cache: { type: "string" },
      source: { type: "string" },
      verify: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return console.log(usage);
  const began = Date.now();
  const log = (line: string): void => {
    console.log(`${((Date.now() - began) / 1000).toFixed(1).padStart(6)} s  ${line}`);
  };
  const bundle = await ensureBundle({
    log,
    verify: values.verify ? "full" : "quick",
    ...(values.version === undefined ? {} : { version: values.version }),
    ...(values.architecture === undefined ? {} : { architecture: oneOf(values.architecture, architectures) }),
    ...(values.cache === undefined ? {} : { cache: values.cache }),
    ...(values.source === undefined ? {} : { source: oneOf(values.source, sources) }),
  });
  log(`Kubernetes ${bundle.version} (${bundle.source}) is complete in ${bundle.folder}`);
}

const architectures: Architecture[] = ["amd64", "arm64"];
const sources: (Source | "auto")[] = ["auto", "official", "go-modules"];

function oneOf<T extends string>(value: string, allowed: T[]): T {
  const found = allowed.find((candidate) => candidate === value);
  if (found === undefined) throw new Error(`"${value}" is not one of ${allowed.join(", ")}`);
  return found;
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
