import { readFileSync, writeFileSync } from "node:fs";
import { type CommandLine, type Options, runCommand } from "../lib/command-line";
import { generatedFiles, staleFiles } from "./generate/files";
import { photographPage } from "./generate/page";
import { terminal } from "./generate/terminal";

const options = {
  check: { type: "boolean", does: "writes nothing; ends with 1 where a file is out of date" },
  pictures: {
    type: "string",
    value: "LOG",
    does: "also docs/terminal.svg of what `npm run up` wrote to that file, and docs/page.png by Chromium",
  },
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
  if (values.pictures !== undefined) await draw(values.pictures);
}

async function draw(log: string): Promise<void> {
  writeFileSync("docs/terminal.svg", terminal(readFileSync(log, "utf8")));
  await photographPage("docs/page.png");
  console.log("wrote docs/terminal.svg, docs/page.png");
}

void runCommand(usage, main);
