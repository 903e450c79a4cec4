import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { lab } from "./the-lab";

/** What `destroy` leaves: there is no lab afterwards. */
export function removalTests(): void {
  test("leaves nothing behind", async () => {
    const ports = [lab.outputs.access.port];
    await lab.down();
    expect(await lab.vboxManage("list", "vms")).not.toContain("kube-lab-lab-test-");
    expect(execFileSync("ps", ["-e", "-ww", "-o", "args="], { encoding: "utf8" })).not.toContain(
      "kube-lab-lab-test-",
    );
    expect(readFileSync("/proc/self/mountinfo", "utf8")).not.toContain("kube-lab-lab-test-");
    expect(execFileSync("ip", ["netns", "list"], { encoding: "utf8" })).not.toContain("lab-test");
    const listening = execFileSync("ss", ["--listening", "--tcp", "--numeric"], { encoding: "utf8" });
    for (const port of ports) expect(listening).not.toContain(`127.0.0.1:${port} `);
  });
}
