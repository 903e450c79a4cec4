import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { Kubectl } from "../lab/kubectl";
import { LabShell } from "../lab/shell";
import { Stack } from "../lab/stack/stack";
import { type CommandLine, type Options, runCommand } from "../lib/command-line";
import { runGuestbook } from "./example/guestbook";
import { ensureKubernetes } from "./set-up/base-disk";
import { setUpEngine } from "./set-up/set-up";

const folder = "examples";

const options = { remove: { type: "boolean", does: "takes it away again" } } as const satisfies Options;

const usage = {
  name: "example",
  does: "deploys one of examples/ in the lab, scales it and reaches it in every way",
  options,
  words: "NAME",
};

async function main({ stack, values, words }: CommandLine<typeof options>): Promise<void> {
  const [name = "", ...others] = words;
  if (!/^\w+$/.test(name) || !existsSync(join(folder, name)) || others.length > 0) {
    const known = readdirSync(folder).join(", ");
    throw new Error(`which example? npm run example -- NAME [--remove]; there are: ${known}`);
  }
  const ready = await setUpEngine(stack);
  const { plan } = ready;
  const bundle = await ensureKubernetes(plan, console.log);
  const outputs = await new Stack(stack, ready).outputs();
  const kubectl = new Kubectl(join(bundle.folder, "bin", "kubectl"), outputs.kubeconfig);
  const shell = new LabShell(outputs.access);
  const manifests = join(folder, name);
  try {
    if (values.remove) {
      console.log(await kubectl.run(["delete", "--ignore-not-found", `--filename=${manifests}`]));
      if (plan.applications)
        console.log(await kubectl.run(["delete", "--ignore-not-found", "httproute", name]));
    } else {
      await runGuestbook({ kubectl, shell, plan, outputs, manifests, say: console.log });
    }
  } finally {
    kubectl.close();
    await shell.close();
  }
}

void runCommand(usage, main);
