import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import path from "node:path";
import { buildSync } from "esbuild";
import { onLinux } from "../../systems";
import { scratch } from "./fixtures";

const { folder, remove } = scratch();
const program = path.join(folder, "hypervisor.js");
const tools = path.join(folder, "my tools");
const machines = path.join(folder, "VirtualBox VMs");

/** An executable of that name in a folder whose name has a blank; its content is JavaScript. */
function tool(name: string, content: string): void {
  const file = path.join(tools, name);
  writeFileSync(file, `#!${process.execPath}\n${content}`);
  chmodSync(file, 0o755);
}

beforeAll(() => {
  mkdirSync(tools);
  buildSync({
    entryPoints: [path.join(__dirname, "..", "..", "..", "hypervisor", "main.ts")],
    bundle: true,
    platform: "node",
    target: "node20",
    outfile: program,
  });
});
beforeEach(() => tool("VBoxManage", `console.log("Default machine folder:          ${machines}");`));
afterAll(remove);

const environment = {
  PATH: tools,
  HOME: folder,
  HYPERVISOR: "virtualbox",
  GROUP: "/kube-lab/dev",
  MACHINE: "kube-lab-dev-kube-mast01",
  INCARNATION: "2026-11-21T04:33:10Z missing",
};
const seed = JSON.stringify({ userData: "SECRET", metaData: "SECRET", networkConfig: "SECRET" });

function run(args: string[], env: Record<string, string>, input = "") {
  return spawnSync(process.execPath, [program, ...args], { env, input, cwd: folder, encoding: "utf8" });
}

describe("the program", () => {
  onLinux("takes the verb as one argument or several", () => {
    for (const args of [["network ensure"], ["network", "ensure"]])
      expect(run(args, environment)).toMatchObject({ status: 0, stdout: "" });
    expect(existsSync(path.join(machines, "kube-lab", "dev"))).toBe(true);
  });

  it("refuses an unknown verb with the known ones, status 2", () => {
    const { status, stderr } = run(["machine explode"], environment);
    expect(status).toBe(2);
    expect(stderr).toContain('no verb "machine explode"');
    expect(stderr).toContain(
      "machine ensure, machine absent, releases ensure, node leave, disk ensure, disk absent, seed ensure",
    );
  });

  it("refuses a wrong specification with every problem, status 2", () => {
    const { status, stderr } = run(["machine ensure"], { PATH: tools, HOME: folder });
    expect(status).toBe(2);
    expect(stderr).toMatch(
      /9 problems in the specification:\n {2}- HYPERVISOR is missing; allowed is virtualbox or embedded/,
    );
  });

  onLinux("names a port that another program has before it asks anything of the machine's", async () => {
    tool(
      "VBoxManage",
      `if (process.argv[2] !== "showvminfo") throw new Error(process.argv.join(" "));
       console.log('VMState="poweroff"\\nForwarding(0)="ssh,tcp,127.0.0.1,2222,10.0.2.15,22"');`,
    );
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const forwards = { FORWARD_SSH: `127.0.0.1:${port} -> 10.0.2.15:22`, ADAPTER_1: "nat 08:00:27:00:00:01" };
    const hardware = { IMAGE: "image", CPUS: "1", MEMORY_MIB: "512", HOST_KEY: "SHA256:key", ...forwards };
    const { status, stderr } = run(["machine ensure"], { ...environment, ...hardware });
    server.close();
    expect(status).toBe(1);
    expect(stderr).toMatch(
      new RegExp(
        `^machine ensure: port ${port} of 127.0.0.1, the lab's for ssh, is taken.*kube-mast01 was not touched.\\nWhat to do: End the program that listens there`,
      ),
    );
  });

  onLinux("fails with what went wrong and what to do, status 1, without secrets", () => {
    tool("genisoimage", `console.error("no space"); process.exit(5);`);
    const { status, stderr } = run(["seed ensure"], environment, seed);
    expect(status).toBe(1);
    expect(stderr).toMatch(/genisoimage .* failed \(status 5\): no space\nWhat to do: /);
    expect(stderr).not.toContain("SECRET");
    expect(readdirSync(path.join(machines, "kube-lab", "dev", "seeds"))).toEqual([]);
  });

  onLinux("leaves no content behind when it is ended in the middle", async () => {
    tool("genisoimage", `console.log("at work"); setTimeout(() => 0, 60000);`);
    const child = spawn(process.execPath, [program, "seed ensure"], { env: environment });
    child.stdin.end(seed);
    const seeds = path.join(machines, "kube-lab", "dev", "seeds");
    while (readdirSync(seeds).length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    const ended = new Promise((resolve) => child.on("exit", (_status, signal) => resolve(signal)));
    child.kill("SIGTERM");
    expect(await ended).toBe("SIGTERM");
    expect(readdirSync(seeds)).toEqual([]);
  });
});
