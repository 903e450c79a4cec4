import { join } from "node:path";
import { existingLab } from "../lab/existing-lab";
import { Stack } from "../lab/stack/stack";
import { type CommandLine, runCommand } from "../lib/command-line";
import { localFolder } from "../lib/local-folder";
import { described } from "./backup/about";
import { backUp } from "./backup/back-up";
import { passphraseOf } from "./backup/vault";
import { setUpEngine } from "./set-up/set-up";

const usage = {
  name: "backup",
  does: "takes the cluster's data (etcd) into an encrypted file",
  words: "[FILE]",
  notes:
    "Encrypted by the stack's passphrase: .kube-lab/passphrase, or the one that you gave Pulumi. What is in volumes is not in it.",
};

async function main({ stack, words }: CommandLine<Record<never, never>>): Promise<void> {
  const time = new Date().toISOString().replace(/\.\d+/, "").replaceAll(":", "");
  const [file = join(localFolder, "backups", `${stack}-${time}.backup`), ...more] = words;
  if (more.length > 0) throw new Error("one FILE. See: npm run backup -- --help");
  const ready = await setUpEngine(stack);
  const passphrase = passphraseOf(ready.environment);
  const lab = await existingLab(new Stack(stack, ready), ready.plan);
  const about = await backUp(lab, file, passphrase);
  console.log(`${file}: ${described(about)}\nBack to it: npm run restore -- ${file}`);
}

void runCommand(usage, main);
