import { join } from "node:path";
import { Kubectl } from "../../lab/kubectl";
import { LabShell } from "../../lab/shell";
import { Stack } from "../../lab/stack/stack";
import { ensureKubernetes } from "../set-up/base-disk";
import { setUpEngine } from "../set-up/set-up";
import { runGuestbook } from "./guestbook";

/** An example that is a folder of Kubernetes objects, in a lab that is up. */
export interface Workload {
  stack: string;
  name: string;
  /** Its folder. */
  manifests: string;
  /** Takes it away instead. */
  remove: boolean;
}

/** Deploys a workload in a stack's lab, scales it and reaches it in every way; or takes it away. */
export async function runWorkload({ stack, name, manifests, remove }: Workload): Promise<void> {
  const ready = await setUpEngine(stack);
  const { plan } = ready;
  const bundle = await ensureKubernetes(plan, console.log);
  const outputs = await new Stack(stack, ready).outputs();
  const kubectl = new Kubectl(join(bundle.folder, "bin", "kubectl"), outputs.kubeconfig);
  const shell = new LabShell(outputs.access);
  try {
    if (remove) {
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
