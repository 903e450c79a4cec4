import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { type CommandLine, type Options, runCommand } from "../lib/command-line";
import { bringUpProgram, removeProgram } from "./example/program";
import { runWorkload } from "./example/workload";

const folder = "examples";

const options = { remove: { type: "boolean", does: "takes it away again" } } as const satisfies Options;

const usage = {
  name: "example",
  does: "deploys one of examples/: a workload in the lab, or a program that makes a lab of its own",
  options,
  words: "NAME",
};

async function main({ stack, values, words }: CommandLine<typeof options>): Promise<void> {
  const [name = "", ...others] = words;
  if (!/^[\w-]+$/.test(name) || !existsSync(join(folder, name)) || others.length > 0)
    throw new Error(`which example? npm run example -- NAME [--remove]; there are: ${known()}`);
  const remove = values.remove === true;
  if (isProgram(name)) process.exitCode = await (remove ? removeProgram : bringUpProgram)(join(folder, name));
  else await runWorkload({ stack, name, manifests: join(folder, name), remove });
}

function known(): string {
  const examples = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return examples
    .map(({ name }) => (isProgram(name) ? `${name} (a program with a lab of its own)` : name))
    .join(", ");
}

function isProgram(name: string): boolean {
  return existsSync(join(folder, name, "Pulumi.yaml"));
}

void runCommand(usage, main);
