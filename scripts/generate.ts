import { readFileSync, writeFileSync } from "node:fs";
import { type CommandLine, type Options, runCommand } from "./command-line";
import { generatedFiles, staleFiles } from "./generate/files";

const options = {
  check: { type: "boolean", does: "writes nothing; ends with 1 where a file is out of date" },
} as const satisfies Options;

const usage = {
  name: "generate",
  does: `writes what follows from plan/: ${Object.keys(generatedFiles).join(", ")}`,
  options,
};

async function main({ values }: CommandLine<typeof options>): Promise<void> {
  const stale = staleFiles(".");
  if (values.check) {
    if (stale.length > 0) throw new Error(`out of date: ${stale.join(", ")}; npm run generate writes them`);
    return;
  }
  for (const path of stale) {
    writeFileSync(path, generatedFiles[path]?.(readFileSync(path, "utf8")) ?? "");
    console.log(`wrote ${path}`);
  }
}

void runCommand(usage, main);
