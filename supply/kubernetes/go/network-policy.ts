import { copyFile, mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { filesBelow } from "../../../lib/checksum";
import type { BuildContext } from "../component";
import { goBuildIn } from "./go-build";
import { goCommand } from "./go-command";
import { prepareModule } from "./go-module";

const name = "kube-network-policies";
const library = "github.com/google/nftables";

/**
 * Builds kube-network-policies and returns the program. Its packets reach it by NFQUEUE, see modules/kube-network-policies/queue:
 * nftables' own "queue", which it asks for, is an option that not every kernel has.
 */
export async function networkPolicyProgram(context: BuildContext): Promise<string> {
  const folder = join(context.scratch, `module-${name}`);
  const version = `v${context.versions.networkPolicy}`;
  await prepareModule(
    join(context.modules, name),
    folder,
    [["sigs.k8s.io/kube-network-policies", version]],
    context.detail,
  );
  const go = (words: string[]) => goCommand({ arguments: words, folder, onLine: context.detail });
  const { Dir } = JSON.parse(await go(["mod", "download", "-json", library])) as { Dir: string };
  // File by file: folders of Go's cache are read-only, and a copy of one could not be removed.
  for (const path of await filesBelow(Dir)) {
    const to = join(folder, "nftables", path);
    await mkdir(dirname(to), { recursive: true });
    await copyFile(path === "expr/queue.go" ? join(folder, "queue", "queue.go") : join(Dir, path), to);
  }
  await go(["mod", "edit", `-replace=${library}=./nftables`]);
  const output = await goBuildIn(folder, context, {
    module: name,
    packages: ["sigs.k8s.io/kube-network-policies/cmd"],
  });
  return join(output, "cmd");
}
