import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { inspect } from "../../hypervisor/driver/inspect";
import { adapterOptions } from "../../hypervisor/machine/adapters";
import { actualHardware } from "../../hypervisor/machine/hardware";
import { namedByVirtualBox } from "../../hypervisor/network/host-adapters";
import { openSandbox, sandboxObstacle } from "./sandbox";
import { openLaboratory } from "./script/laboratory";

const describeHere = sandboxObstacle() === undefined ? describe : describe.skip;

describeHere("a machine on the LAN, by the real VBoxManage", () => {
  it("has the host's adapter that a part of its name means, beside the lab's network", async () => {
    const sandbox = await openSandbox((line) => process.stderr.write(`${line}\n`));
    try {
      addAdapter(sandbox.inside);
      const folder = join(sandbox.folder, "lab");
      const { vbox } = await openLaboratory("virtualbox", sandbox.vboxManage, process.env, folder);
      await vbox.call(["createvm", "--name", "lan", "--ostype", "Debian_64", "--register"]);
      const adapters = await namedByVirtualBox(vbox, [
        { kind: "internal", network: "kube-lab-test-node", mac: "08:00:27:00:00:01" },
        { kind: "bridged", network: "lan", mac: "08:00:27:00:00:02" },
      ]);
      const options = adapters.flatMap((adapter, index) => adapterOptions(index + 1, adapter, "linux"));
      await vbox.call(["modifyvm", "lan", ...options]);
      expect(actualHardware((await inspect(vbox, "lan")) ?? new Map())).toMatchObject({
        "adapter 1": expect.stringMatching(/^internal kube-lab-test-node 08:00:27:00:00:01/),
        "adapter 2": expect.stringMatching(/^bridged testlan0 08:00:27:00:00:02/),
      });
    } finally {
      await sandbox.remove();
    }
  }, 900_000);
});

/** Gives the sandbox, which has no network of its own, an adapter as a host has one. */
function addAdapter(inside: number): void {
  for (const words of ["add testlan0 type veth peer name switch0", "set testlan0 up"]) {
    execFileSync("nsenter", ["--target", String(inside), "--net", "ip", "link", ...words.split(" ")]);
  }
}
