import { readFileSync } from "node:fs";
import { observeStates } from "../hypervisor/reality/reality";
import { existingLab } from "../lab/existing-lab";
import { LabShell } from "../lab/shell";
import { Stack } from "../lab/stack/stack";
import { type CommandLine, runCommand } from "../lib/command-line";
import { confirm } from "../lib/confirm";
import { described } from "./backup/about";
import { aboutIn } from "./backup/back-up";
import { passphraseOf, unsealed } from "./backup/vault";
import { lossOf, planRestore, type RestorePlan, restore } from "./restore/restore";
import { setUpEngine } from "./set-up/set-up";

const options = {
  yes: { type: "boolean", does: "does not ask before what was written since the backup is lost" },
} as const;

const usage = {
  name: "restore",
  does: "puts a backup's data in the place of the cluster's, also where most masters are lost for good",
  words: "FILE",
  options,
};

async function main({ stack, words, values }: CommandLine<typeof options>): Promise<void> {
  const [file, ...more] = words;
  if (file === undefined || more.length > 0) throw new Error("which FILE? npm run backup has made one");
  const ready = await setUpEngine(stack);
  const content = contentOf(file, passphraseOf(ready.environment));
  const about = aboutIn(content);
  console.log(`${file}: ${described(about)}`);
  const lab = await existingLab(new Stack(stack, ready), ready.plan);
  const shell = new LabShell(lab.outputs.access);
  try {
    const states = await observeStates(lab.vbox, lab.outputs.machines);
    const plan = await planRestore(lab, states, about, shell, ready.labFolder);
    console.log(lossOf(about, plan));
    if (!values.yes && !(await confirm("Restore it?"))) throw new Error("nothing was touched");
    await restore(content, plan, shell);
    console.log(`The cluster is what it was at ${about.time}. ${next(plan)}`);
  } finally {
    await shell.close();
  }
}

function contentOf(file: string, passphrase: string): Buffer {
  try {
    return unsealed(readFileSync(file), passphrase).content;
  } catch (error) {
    throw new Error(`${file} can't be used, and nothing was touched: ${(error as Error).message}`);
  }
}

function next({ lost, waiting }: RestorePlan): string {
  return lost.length + waiting.length === 0 ? "Look: npm run status" : "Then: npm run up";
}

void runCommand(usage, main);
