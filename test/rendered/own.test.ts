import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { ownFiles } from "../../cloud-init/own/files";
import type { OwnPart } from "../../plan/own-part";
import { exampleLab, firstOf } from "./example-lab";
import { toolEnvironment } from "./tool";
import { type WrittenMachine, writeMachine } from "./written-machine";

const plan = exampleLab();
const id = (option: string) => execFileSync("id", [option], { encoding: "utf8" }).trim();
const owner = `${id("-un")}:${id("-gn")}`;

const file = (path: string, content: string, permissions = "0644") => ({
  key: `cloudInit.all.files[${path}]`,
  path,
  permissions,
  owner,
  from: { content },
});
const command = (text: string, at = 0) => ({ key: `cloudInit.workers.commands[${at}]`, command: text });

describe("own.sh", () => {
  let worker: WrittenMachine;
  beforeEach(() => {
    worker = writeMachine(plan, firstOf(plan, "worker"));
    mkdirSync(worker.at("/bin"));
    program("apt-get", 'echo "$*" >>"$KUBE_LAB_ROOT/apt"; exit 100');
    program("dpkg-query", 'for last; do :; done; [ "$last" = there ] && echo installed');
  });
  afterEach(() => worker.remove());

  function program(name: string, script: string): void {
    writeFileSync(worker.at(`/bin/${name}`), `#!/bin/bash\n${script}\n`);
    chmodSync(worker.at(`/bin/${name}`), 0o755);
  }

  /** Delivers this part, none where it is left out, and makes a pass. */
  function pass(part?: Partial<OwnPart>) {
    const whole = part && { files: [], commands: [], packages: [], ...part };
    const [delivered] = ownFiles(whole && { part: whole, sources: new Map() });
    if (delivered === undefined) rmSync(worker.at("/etc/kube-lab/own.json"), { force: true });
    else writeFileSync(worker.at(delivered.path), delivered.content);
    return own("own_converge");
  }
  const own = (call: string) =>
    worker.run(
      `. "$LIBRARY/verify.sh"; . "$LIBRARY/own.sh"; ${call}`,
      `PATH=${worker.at("/bin")}:${toolEnvironment().PATH}`,
    );
  const faults = () =>
    own("own_faults")
      .words.split("\n")
      .filter((line) => line !== "");

  test("writes files as they are wished, and does nothing where nothing was", () => {
    expect(pass()).toEqual({ status: 0, words: "" });
    expect(existsSync(worker.at("/var/lib/kube-lab/own"))).toBe(false);
    const files = [file("/etc/own/a.conf", "one\ntwo"), file("/opt/tool", "#!/bin/sh\n", "0755")];
    expect(pass({ files }).status).toBe(0);
    expect(worker.read("/etc/own/a.conf")).toBe("one\ntwo");
    expect(statSync(worker.at("/opt/tool")).mode & 0o777).toBe(0o755);
    expect(faults()).toEqual([]);
    expect(pass({ files })).toEqual({ status: 0, words: "" });

    writeFileSync(worker.at("/etc/own/a.conf"), "by hand");
    expect(faults()).toEqual([`${worker.at("/etc/own/a.conf")} was edited`]);
    expect(pass({ files: [file("/etc/own/a.conf", "three")] }).status).toBe(0);
    expect(worker.read("/etc/own/a.conf")).toBe("three");
    expect(existsSync(worker.at("/opt/tool"))).toBe(false);
  });

  test("a file that is wished no more goes as it was written, stays where it was edited, and gives back what was there", () => {
    mkdirSync(worker.at("/etc/own"));
    writeFileSync(worker.at("/etc/own/motd"), "the distribution's");
    const files = ["motd", "edited", "plain"].map((name) => file(`/etc/own/${name}`, name));
    pass({ files });
    pass({ files: [file("/etc/own/motd", "again"), ...files.slice(1)] });
    writeFileSync(worker.at("/etc/own/edited"), "by hand");
    const { status, words } = pass();
    expect({ status, words }).toEqual({ status: 0, words: expect.stringContaining("/etc/own/edited stays") });
    expect(worker.read("/etc/own/motd")).toBe("the distribution's");
    expect(worker.read("/etc/own/edited")).toBe("by hand");
    expect(existsSync(worker.at("/etc/own/plain"))).toBe(false);
    expect(faults()).toEqual([]);
    expect(pass()).toEqual({ status: 0, words: "" });
  });

  test("a file that cannot be written is named, and the others are", () => {
    mkdirSync(worker.at("/etc/own/folder"), { recursive: true });
    expect(pass({ files: [file("/etc/own/folder", "x"), file("/etc/own/other", "y")] }).status).toBe(0);
    expect(faults()).toEqual([
      "cloudInit.all.files[/etc/own/folder]: /etc/own/folder could not be written: a folder is there",
    ]);
    expect(worker.read("/etc/own/other")).toBe("y");
    expect(own("own_report").status).toBe(1);
  });

  test("each command runs once, and again when it has changed", () => {
    const log = worker.at("/ran");
    const count = () => (existsSync(log) ? worker.read("/ran").trim().split("\n") : []);
    const [a, b] = [`echo a >>${log}`, `echo b >>${log}`];
    pass({ commands: [command(a), command(b, 1), command(a, 2)] });
    expect(count()).toEqual(["a", "b", "a"]);
    pass({ commands: [command(a), command(b, 1), command(a, 2)] });
    expect(count()).toHaveLength(3);
    pass({ commands: [command(a), command(`${b} # 2`, 1)] });
    expect(count()).toEqual(["a", "b", "a", "b"]);
    pass({ commands: [command(a), command(`${b} # 2`, 1), command(a, 2)] });
    expect(count()).toEqual(["a", "b", "a", "b", "a"]);
  });

  test("a command that fails is named by its key alone, stops those after it, and runs again", () => {
    const log = worker.at("/ran");
    const commands = [command("echo a-secret; false\ntrue"), command(`echo later >>${log}`, 1)];
    const failed = pass({ commands });
    expect(failed.status).toBe(0);
    expect(failed.words).not.toContain("a-secret");
    expect(existsSync(log)).toBe(false);
    const printed = "/var/log/kube-lab/cloudInit.workers.commands.0.log";
    expect(worker.read(printed)).toBe("a-secret\n");
    expect(statSync(worker.at(printed)).mode & 0o077).toBe(0);
    expect(faults()).toEqual([
      `cloudInit.workers.commands[0] ended with status 1, those after it wait, what it printed: ${printed}`,
    ]);
    expect(own("own_report")).toEqual({ status: 1, words: expect.stringMatching(/^kube-node01: cloudInit/) });
    pass({ commands: [command("true"), ...commands.slice(1)] });
    expect(worker.read("/ran")).toBe("later\n");
    expect(faults()).toEqual([]);
    expect(own("own_report")).toEqual({ status: 0, words: "" });
  });

  test("a command without an end is ended", () => {
    const { words } = own(
      `OWN_COMMAND_SECONDS=1; printf '{"files":[],"packages":[],"commands":[{"key":"k","command":"sleep 60"}]}' >$OWN; own_converge`,
    );
    expect(words).toContain("k was not done within 1 s");
  });

  test("packages that cannot be had are no error, and are said until they are there", () => {
    const packages = ["there", "htop"];
    expect(pass({ packages }).words).toContain("cloudInit: not installed: htop: the archive");
    expect(worker.read("/apt").trim().split("\n")).toHaveLength(1);
    expect(own("own_report")).toEqual({ status: 0, words: expect.stringContaining("not installed: htop") });
    expect(faults()).toHaveLength(1);
    program("dpkg-query", "echo installed");
    pass({ packages });
    expect(faults()).toEqual([]);
  });
});
