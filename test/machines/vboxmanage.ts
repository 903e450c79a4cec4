import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { parseMachineReadable } from "../../hypervisor/driver/output";
import { accelerator } from "./accelerator";
import { describeMachine } from "./description";
import { plugIn } from "./networks";
import { qemuArguments } from "./qemu";
import { ensureRootDisk, type Medium } from "./root-disk";
import { command, cutPower, filesOf, processOf } from "./running";

/**
 * VBoxManage for computers without VirtualBox's kernel driver: the real one does every call but those about running, for which QEMU
 * runs what the real one has written down of a machine.
 */

/** The real program. */
const real = process.env.KUBE_LAB_REAL_VBOXMANAGE ?? "";
/** For what runs. */
const folder = process.env.KUBE_LAB_RUNNING_MACHINES ?? "";

const words = process.argv.slice(2);
const [verb, name = ""] = words;

/** Verbs that a running machine refuses. */
const CHANGING = ["modifyvm", "unregistervm", "snapshot", "storagectl"];

class Refusal extends Error {}

function ask(...question: string[]) {
  const { status, stdout, stderr } = spawnSync(real, question, { encoding: "utf8", maxBuffer: 64 << 20 });
  return { status: status ?? 1, stdout, stderr };
}

function pass(answer = ask(...words)): number {
  process.stdout.write(answer.stdout);
  process.stderr.write(answer.stderr);
  return answer.status;
}

/** What the real one knows of a machine; undefined where it knows none. */
function look(machine: string): Map<string, string> | undefined {
  const answer = ask("showvminfo", machine, "--machinereadable");
  return answer.status === 0 ? parseMachineReadable(answer.stdout) : undefined;
}

function folderOf(info: Map<string, string>): string {
  return join(folder, info.get("UUID") ?? "");
}

function locked(): Refusal {
  return new Refusal(
    `The machine '${name}' is already locked for a session (or being unlocked)\nVBoxManage: error: Details: code VBOX_E_INVALID_OBJECT_STATE (0x80bb0007), component MachineWrap, interface IMachine, callee nsISupports`,
  );
}

function openMedium(medium: string): Medium {
  const { stdout } = ask("showmediuminfo", "disk", medium);
  const field = (key: string) => new RegExp(`^${key}: +(.+?)\\r?$`, "m").exec(stdout)?.[1] ?? "";
  const parent = field("Parent UUID");
  return { location: field("Location"), ...(parent === "base" ? {} : { parent }) };
}

function start(info: Map<string, string>): number {
  const machine = describeMachine(info);
  const own = folderOf(info);
  if (processOf(own) !== undefined) throw locked();
  mkdirSync(own, { recursive: true });
  const files = filesOf(own);
  const root = machine.disks.find(({ port }) => port === 0);
  if (root) ensureRootDisk(files.root, root.file, openMedium);
  const started = spawnSync(
    "qemu-system-x86_64",
    qemuArguments(machine, accelerator(folder), files, plugIn(folder, machine)),
    { encoding: "utf8" },
  );
  if (started.status !== 0) throw new Refusal(started.stderr);
  console.log(
    `Waiting for VM "${machine.name}" to power on...\nVM "${machine.name}" has been successfully started.`,
  );
  return 0;
}

async function control(own: string, action: string): Promise<number> {
  if (processOf(own) === undefined) throw new Refusal(`Machine '${name}' is not currently running.`);
  if (action === "poweroff") await cutPower(own);
  else if (action === "reset") await command(own, "system_reset");
  else if (action === "acpipowerbutton") await command(own, "system_powerdown");
  else throw new Refusal(`controlvm ${action}: not of machines that QEMU runs`);
  return 0;
}

/** A disc into the drive of a machine that runs, or out of it. */
async function attach(own: string): Promise<number> {
  const status = pass();
  const option = (key: string) => words[words.indexOf(key) + 1] ?? "";
  const id = `drive${option("--port")}`;
  const medium = option("--medium");
  if (status !== 0) return status;
  if (!medium.startsWith("/")) await command(own, "eject", { id, force: true });
  else await command(own, "blockdev-change-medium", { id, filename: medium, format: "raw", force: true });
  return 0;
}

function withState(info: Map<string, string> | undefined): number {
  const answer = ask(...words);
  const isOn = info !== undefined && processOf(folderOf(info)) !== undefined;
  const stdout = isOn ? answer.stdout.replace(/^VMState="[^"]*"/m, 'VMState="running"') : answer.stdout;
  return pass({ ...answer, stdout });
}

function listRunning(): number {
  const answer = ask("list", "vms");
  const lines = answer.stdout.split(/(?<=\n)/).filter((line) => {
    const uuid = /\{([0-9a-f-]{36})\}/.exec(line)?.[1];
    return uuid !== undefined && processOf(join(folder, uuid)) !== undefined;
  });
  return pass({ ...answer, stdout: lines.join("") });
}

async function perform(): Promise<number> {
  if (verb === "list" && name === "runningvms") return listRunning();
  const info = ["startvm", "controlvm", "storageattach", "showvminfo", ...CHANGING].includes(verb ?? "")
    ? look(name)
    : undefined;
  if (verb === "showvminfo") return withState(info);
  if (info === undefined) return pass();
  const own = folderOf(info);
  if (verb === "startvm") return start(info);
  if (verb === "controlvm") return control(own, words[2] ?? "");
  if (processOf(own) === undefined) {
    const status = pass();
    const isDeleted = verb === "unregistervm" && words.some((word) => word.startsWith("--delete"));
    if (status === 0 && isDeleted) rmSync(own, { recursive: true, force: true });
    return status;
  }
  if (verb === "storageattach") return attach(own);
  throw locked();
}

perform().then(
  (status) => {
    process.exitCode = status;
  },
  (error: Error) => {
    console.error(`VBoxManage: error: ${error.message}`);
    process.exitCode = 1;
  },
);
