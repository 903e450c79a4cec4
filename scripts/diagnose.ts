import { join } from "node:path";
import { type CommandLine, type Options, runCommand } from "../lib/command-line";
import { localFolder } from "../lib/local-folder";
import { diagnose } from "./diagnose/diagnose";
import { openLab } from "./set-up/open-lab";

const usage = {
  name: "diagnose",
  does: "collects logs and states of all machines in one archive without secrets, to look at or to pass on",
  words: "[ARCHIVE.tar.gz]",
};

async function main({ stack, words }: CommandLine<Options>): Promise<void> {
  const [given, ...more] = words;
  if (more.length > 0)
    throw new Error(`${words.join(" ")}: give one file's name for the archive, or nothing.`);
  const time = new Date().toISOString().replace(/[-:]|\.\d+/g, "");
  const folder = `kube-lab-${stack}-${time}`;
  await diagnose(await openLab(stack), given ?? join(localFolder, "diagnoses", `${folder}.tar.gz`), folder);
}

void runCommand(usage, main);
