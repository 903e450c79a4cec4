import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { VBoxManage } from "../../../hypervisor/driver/vboxmanage";
import type { ProcessResult, RunProcess } from "../../../lib/process";
import { thisSystem } from "../../systems";
import { addRule, type Machine, option, Refusal, without } from "./simulated-machine";

/**
 * VBoxManage in memory, with machine folders and disks as files: as much of the real one's behaviour as the tests of machines,
 * seeds and images need, refusals included. Counts its calls and can fail on purpose.
 */
export class SimulatedVBoxManage {
  readonly calls: string[][] = [];
  readonly machines = new Map<string, Machine>();
  readonly capacities = new Map<string, number>();
  /** Known disks by their files, with the file of the disk each is a difference to. */
  readonly disks = new Map<string, string>();
  /** What `unregistervm` has left, by settings file. */
  private readonly unregistered = new Map<string, { name: string; machine: Machine }>();
  /** Called before each call; what it returns is the result instead. */
  interrupt: (args: readonly string[]) => Partial<ProcessResult> | undefined = () => undefined;
  /** What acpipowerbutton does. */
  onPowerButton: (machine: Machine) => void = (machine) => {
    machine.state = "poweroff";
  };

  constructor(readonly folder: string) {}

  readonly run: RunProcess = async (_file, args) => {
    this.calls.push([...args]);
    const result = { status: 0, stdout: "", stderr: "", timedOut: false };
    const instead = this.interrupt(args);
    if (instead) return { ...result, ...instead };
    try {
      return { ...result, stdout: this.perform([...args]) };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const details = `VBoxManage: error: Details: code ${error.code} (0x80bb0000), component MachineWrap, interface IMachine`;
      return { ...result, status: 1, stderr: `VBoxManage: error: ${error.message}\n${details}\n` };
    }
  };

  /** A template as `image ensure` leaves it, without its disk. */
  async makeTemplate(name: string): Promise<void> {
    for (const call of [
      ["createvm", "--name", name, "--groups", "/kube-lab", "--register"],
      ["snapshot", name, "take", "base"],
    ])
      await this.run("", call, { timeoutSeconds: 1 });
  }

  /** VBoxManage as the programs see it, here or as on another system. */
  open(platform: NodeJS.Platform = thisSystem, log: (line: string) => void = () => undefined): VBoxManage {
    return new VBoxManage({
      path: "VBoxManage",
      hypervisor: "virtualbox",
      platform,
      environment: {},
      lockFile: path.join(this.folder, "lock"),
      log,
      run: this.run,
      retry: { boundSeconds: 0.3, firstPauseMilliseconds: 1, longestPauseMilliseconds: 20 },
    });
  }

  /** The calls that change something, by verb. */
  verbs(): string[] {
    return this.calls
      .map(([verb]) => verb ?? "")
      .filter((verb) => !/^(?:show|list|get|--version)/.test(verb));
  }

  machine(name: string): Machine {
    const machine = this.machines.get(name);
    if (!machine)
      throw new Refusal(`Could not find a registered machine named '${name}'`, "VBOX_E_OBJECT_NOT_FOUND");
    return machine;
  }

  private perform([verb, ...rest]: string[]): string {
    const [first = "", second = "", third = "", fourth = ""] = rest;
    switch (verb) {
      case "--version":
        return "7.2.22r170000\n";
      case "list":
        return this.list(first);
      case "showvminfo":
        return this.info(first);
      case "createvm":
        return this.create(option(rest, "--name"), option(rest, "--groups"));
      case "clonevm":
        return this.clone(first, rest);
      case "modifyvm":
        return this.modify(first, rest.slice(1));
      case "storagectl":
        this.machine(first).values.set("storagecontrollername0", option(rest, "--name"));
        return "";
      case "storageattach":
        return this.attach(first, option(rest, "--port"), option(rest, "--medium"));
      case "createmedium":
        return this.createMedium(option(rest, "--filename"), Number(option(rest, "--size")));
      case "convertfromraw":
        return this.createMedium(second, 4096);
      case "clonemedium":
        return this.createMedium(third, this.capacities.get(second) ?? 4096);
      case "modifymedium":
        this.capacities.set(second, Number(fourth) / 2 ** 20);
        return "";
      case "showmediuminfo":
        this.openDisk(second);
        return `UUID:           ${randomUUID()}\nCapacity:       ${this.capacities.get(second) ?? 4096} MBytes\n`;
      case "closemedium":
        return this.closeMedium(second, rest.includes("--delete"));
      case "snapshot":
        return this.snapshot(this.machine(first), second, third, rest);
      case "startvm":
        return this.start(this.machine(first), first);
      case "controlvm":
        return this.control(this.machine(first), rest);
      case "setextradata":
        if (third === "") this.machine(first).extra.delete(second);
        else this.machine(first).extra.set(second, third);
        return "";
      case "getextradata":
        return this.extra(this.machine(first), second);
      case "unregistervm":
        return this.unregister(first, rest.includes("--delete"));
      case "registervm":
        return this.register(first);
      case "discardstate":
        this.machine(first).state = "poweroff";
        return "";
      default:
        throw new Refusal(`Invalid command '${verb}'`, "E_INVALIDARG");
    }
  }

  private list(what: string): string {
    const entries = [...this.machines].filter(
      ([, { state }]) => what === "vms" || state === "running" || state === "paused",
    );
    if (what === "systemproperties")
      return `API version:                     7_2\nDefault machine folder:          ${this.folder}\nRaw-mode Supported:              no\n`;
    if (what === "hdds")
      return [...this.disks]
        .map(
          ([file, parent]) =>
            `UUID:           ${file}\nParent UUID:    ${parent}\nLocation:       ${file}\n\n`,
        )
        .join("");
    return entries.map(([name, { uuid }]) => `"${name}" {${uuid}}\n`).join("");
  }

  private info(name: string): string {
    const { uuid, state, values, forwards, snapshot, snapshotDescription } = this.machine(name);
    const lines = [`name="${name}"`, `UUID="${uuid}"`, `VMState="${state}"`];
    const shown = values.get("nic1") === "nat" ? forwards : [];
    for (const [key, value] of values)
      lines.push(
        /^\d+$/.test(value) ? `${key}=${value}` : `${key.includes("-") ? `"${key}"` : key}="${value}"`,
      );
    lines.push(...shown.map((rule, index) => `Forwarding(${index})="${rule}"`));
    if (snapshot) {
      lines.push(`SnapshotName="${snapshot}"`, `CurrentSnapshotName="${snapshot}"`);
      if (snapshotDescription) lines.push(`SnapshotDescription="${snapshotDescription}"`);
      lines.push('CurrentSnapshotNode="SnapshotName"');
    }
    return `${lines.join("\n")}\n`;
  }

  /** It has room for one. */
  private snapshot(machine: Machine, action: string, name: string, options: string[]): string {
    delete machine.snapshot;
    if (action !== "take") return "";
    machine.snapshot = name;
    machine.snapshotDescription = options.includes("--description") ? option(options, "--description") : "";
    return "";
  }

  private machineFolder(name: string, group: string): string {
    return path.join(this.folder, ...group.split("/"), name);
  }

  private create(name: string, group: string, uuid: string = randomUUID()): string {
    const folder = this.machineFolder(name, group);
    const settings = path.join(folder, `${name}.vbox`);
    if (existsSync(settings))
      throw new Refusal(`Machine settings file '${settings}' already exists`, "VBOX_E_FILE_ERROR");
    mkdirSync(folder, { recursive: true });
    writeFileSync(settings, `<VirtualBox><Machine uuid="{${uuid}}" name="${name}"/></VirtualBox>`);
    const values = new Map([
      ["groups", group],
      ["CfgFile", settings],
      ["cpus", "1"],
      ["memory", "128"],
      ["nic1", "none"],
    ]);
    this.machines.set(name, { uuid, state: "poweroff", values, forwards: [], extra: new Map() });
    return "";
  }

  private clone(image: string, options: string[]): string {
    const source = this.machine(image);
    if (source.snapshot !== option(options, "--snapshot"))
      throw new Refusal("Could not find a snapshot named 'base'", "VBOX_E_OBJECT_NOT_FOUND");
    const name = option(options, "--name");
    this.create(name, option(options, "--groups"), option(options, "--uuid"));
    const clone = this.machine(name);
    // As the real one: the folder is the group's, the group in the settings is the template's.
    clone.values.set("groups", source.values.get("groups") ?? "/");
    const disk = path.join(
      path.dirname(clone.values.get("CfgFile") ?? ""),
      "Snapshots",
      `{${randomUUID()}}.vdi`,
    );
    mkdirSync(path.dirname(disk));
    writeFileSync(disk, "");
    clone.values.set("SATA-0-0", disk);
    this.disks.set(disk, source.values.get("SATA-0-0") ?? "base");
    return "";
  }

  private modify(name: string, options: string[]): string {
    const machine = this.machine(name);
    if (machine.state === "running")
      throw new Refusal(
        `The machine '${name}' is already locked for a session (or being unlocked)`,
        "VBOX_E_INVALID_OBJECT_STATE",
      );
    for (let index = 0; index < options.length; index += 2) {
      const key = (options[index] ?? "").slice(2);
      const value = options[index + 1] ?? "";
      // These two have an argument more: address and interrupt, kind and file.
      if (/^uart/.test(key) && value !== "off") index++;
      if (!key.startsWith("natpf"))
        machine.values.set(key === "host-only-net1" ? "hostonly-network1" : key, value);
      else if (value === "delete") machine.forwards = without(machine.forwards, options[++index + 1] ?? "");
      else addRule(machine, value);
    }
    return "";
  }

  private attach(name: string, port: string, medium: string): string {
    if (!["none", "emptydrive"].includes(medium) && !existsSync(medium))
      throw new Refusal(
        `Could not find file for the medium '${medium}' (VERR_FILE_NOT_FOUND)`,
        "VBOX_E_FILE_ERROR",
      );
    this.machine(name).values.set(`SATA-${port}-0`, medium);
    if (medium.endsWith(".vdi") && !this.disks.has(medium)) this.disks.set(medium, "base");
    return "";
  }

  private createMedium(file: string, size: number): string {
    if (existsSync(file))
      throw new Refusal(`Cannot create '${file}' (VERR_ALREADY_EXISTS)`, "VBOX_E_FILE_ERROR");
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, "");
    this.capacities.set(file, size);
    this.disks.set(file, "base");
    return "";
  }

  private closeMedium(file: string, remove: boolean): string {
    const users = [...this.machines.values()].filter(({ values }) => values.get("SATA-1-0") === file).length;
    if (users > 0)
      throw new Refusal(
        `Medium '${file}' cannot be closed because it is still attached to ${users} virtual machines`,
        "VBOX_E_OBJECT_IN_USE",
      );
    if (remove) rmSync(file);
    this.disks.delete(file);
    return "";
  }

  private start(machine: Machine, name: string): string {
    if (machine.state === "running")
      throw new Refusal(
        `The machine '${name}' is already locked by a session (or being locked or unlocked)`,
        "VBOX_E_INVALID_OBJECT_STATE",
      );
    machine.state = "running";
    return `VM "${name}" has been successfully started.\n`;
  }

  private control(machine: Machine, [name, action, ...rest]: string[]): string {
    if (machine.state !== "running" && machine.state !== "paused")
      throw new Refusal(`Machine '${name}' is not currently running`, "VBOX_E_INVALID_VM_STATE");
    if (action === "poweroff") machine.state = "poweroff";
    else if (action === "resume") machine.state = "running";
    else if (action === "savestate") machine.state = "saved";
    else if (action === "acpipowerbutton") this.onPowerButton(machine);
    else if (rest[0] === "delete") machine.forwards = without(machine.forwards, rest[1] ?? "");
    else addRule(machine, rest[0] ?? "");
    return "";
  }

  private extra(machine: Machine, key: string): string {
    const value = machine.extra.get(key);
    return value === undefined ? "No value set!\n" : `Value: ${value}\n`;
  }

  /** With --delete go its settings and every disk that is attached, wherever it lies; other files stay, and their folder. */
  private unregister(name: string, remove: boolean): string {
    const machine = this.machine(name);
    if (machine.state === "running")
      throw new Refusal(
        `Cannot unregister the machine '${name}' while it is locked`,
        "VBOX_E_INVALID_OBJECT_STATE",
      );
    this.machines.delete(name);
    const disks = [...machine.values].filter(([key, file]) => /^SATA-[01]-0$/.test(key) && file !== "none");
    for (const [, file] of disks) this.disks.delete(file);
    const settings = machine.values.get("CfgFile") ?? "";
    this.unregistered.set(settings, { name, machine });
    if (!remove) return "";
    for (const file of [settings, ...disks.map(([, disk]) => disk)]) rmSync(file, { force: true });
    for (const folder of [path.join(path.dirname(settings), "Snapshots"), path.dirname(settings)])
      if (existsSync(folder) && readdirSync(folder).length === 0) rmdirSync(folder);
    return "";
  }

  /** Settings files say nothing here: only what was registered before can be so again, and a broken one cannot. */
  private register(settings: string): string {
    const known = this.unregistered.get(settings);
    if (!known || !readFileSync(settings, "utf8").startsWith("<VirtualBox>"))
      throw new Refusal("Couldn't find end of Start Tag", "NS_ERROR_FAILURE");
    const root = known.machine.values.get("SATA-0-0") ?? "none";
    if (root !== "none" && !this.disks.has(root))
      throw new Refusal(`Could not find an open hard disk with UUID {${root}}`, "VBOX_E_OBJECT_NOT_FOUND");
    this.machines.set(known.name, known.machine);
    return "";
  }

  /** As any call does that names a disk's file. */
  private openDisk(file: string): void {
    if (file.endsWith(".vdi") && existsSync(file) && !this.disks.has(file)) this.disks.set(file, "base");
  }
}
