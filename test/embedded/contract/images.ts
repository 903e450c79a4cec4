import { CONTROLLER, CONTROLLER_OPTIONS } from "../../../hypervisor/machine/hardware";
import { createTemplate, ok, PROGRESS, type Step, UUID } from "./step";

/** A template machine with a disk and a snapshot. */
export function images(folder: string): Step[] {
  const sata = ["--storagectl", "SATA", "--port", "0", "--device", "0", "--type", "hdd", "--medium"];
  return [
    {
      args: createTemplate(folder),
      status: 0,
      stdout: [
        /^Virtual machine 'kl-t1' is created and registered\.$/m,
        new RegExp(`^UUID: ${UUID}$`, "m"),
        new RegExp(`^Settings file: '${folder}/kl/kl-t1/kl-t1.vbox'$`, "m"),
      ],
    },
    {
      args: createTemplate(folder),
      status: 1,
      stderr: [
        /^VBoxManage: error: Machine settings file '.*kl-t1\.vbox' already exists$/m,
        /code VBOX_E_FILE_ERROR \(0x80bb0004\)/,
      ],
    },
    {
      args: ["createvm", "--name", "kl-t9", "--ostype", "NoSuchOs", "--register"],
      status: 1,
      stderr: [/^VBoxManage: error: Unknown or invalid guest OS type given\.$/m],
    },
    {
      args: ["convertfromraw", `${folder}/bytes.raw`, `${folder}/a.vdi`, "--format", "VDI"],
      status: 0,
      stderr: [
        new RegExp(
          `^Converting from raw image file="${folder}/bytes.raw" to file="${folder}/a.vdi"\\.\\.\\.$`,
          "m",
        ),
        /^Creating dynamic image with size 20971520 bytes \(20MB\)\.\.\.$/m,
      ],
    },
    {
      args: ["convertfromraw", `${folder}/bytes.raw`, `${folder}/a.vdi`, "--format", "VDI"],
      status: 1,
      stderr: [/^VBoxManage: error: VDI: cannot create image '.*a\.vdi'$/m, /VERR_ALREADY_EXISTS/],
    },
    ok("storagectl", "kl-t1", "--name", CONTROLLER, ...CONTROLLER_OPTIONS),
    {
      args: ["storagectl", "kl-t1", "--name", "SATA", "--add", "sata"],
      status: 1,
      stderr: [
        /^VBoxManage: error: Storage controller named 'SATA' already exists$/m,
        /code VBOX_E_OBJECT_IN_USE \(0x80bb000c\)/,
      ],
    },
    ok("storageattach", "kl-t1", ...sata, `${folder}/a.vdi`),
    {
      args: ["storageattach", "kl-t1", ...sata, `${folder}/none.vdi`],
      status: 1,
      stderr: [
        /^VBoxManage: error: Could not find file for the medium '.*none\.vdi' \(VERR_FILE_NOT_FOUND\)$/m,
      ],
    },
    {
      args: [
        "storageattach",
        "kl-t1",
        "--storagectl",
        "IDE",
        "--port",
        "0",
        "--type",
        "hdd",
        "--medium",
        `${folder}/a.vdi`,
      ],
      status: 1,
      stderr: [/^VBoxManage: error: Could not find a controller named 'IDE'$/m],
    },
    {
      args: ["snapshot", "kl-t1", "list"],
      status: 1,
      stdout: [/^This machine does not have any snapshots$/m],
    },
    {
      args: ["snapshot", "kl-t1", "take", "base"],
      status: 0,
      stdout: [new RegExp(`^Snapshot taken\\. UUID: ${UUID}$`, "m")],
      stderr: [PROGRESS],
    },
    {
      args: ["snapshot", "kl-t1", "list"],
      status: 0,
      stdout: [new RegExp(`^   Name: base \\(UUID: ${UUID}\\) \\*$`, "m")],
    },
    {
      args: ["snapshot", "kl-t1", "list", "--machinereadable"],
      status: 0,
      stdout: [
        /^SnapshotName="base"$/m,
        /^SnapshotUUID="/m,
        /^CurrentSnapshotName="base"$/m,
        /^CurrentSnapshotNode="SnapshotName"$/m,
      ],
    },
    ok(
      ...[
        "modifyvm",
        "kl-t1",
        "--cpus",
        "1",
        "--memory",
        "1024",
        "--ioapic",
        "on",
        "--rtcuseutc",
        "on",
        "--audio-enabled",
        "off",
      ],
      ...[
        "--usb-ohci",
        "off",
        "--graphicscontroller",
        "vmsvga",
        "--vram",
        "16",
        "--boot1",
        "disk",
        "--boot2",
        "none",
        "--boot3",
        "none",
      ],
      ...["--boot4", "none", "--description", "hi there", "--nic1", "none"],
    ),
    {
      args: ["showvminfo", "kl-t1", "--machinereadable"],
      status: 0,
      stdout: [
        /^name="kl-t1"$/m,
        /^groups="\/kl"$/m,
        /^ostype="Debian \(64-bit\)"$/m,
        new RegExp(`^UUID="${UUID}"$`, "m"),
        new RegExp(`^CfgFile="${folder}/kl/kl-t1/kl-t1.vbox"$`, "m"),
        new RegExp(`^SnapFldr="${folder}/kl/kl-t1/Snapshots"$`, "m"),
        /^memory=1024$/m,
        /^cpus=1$/m,
        /^vram=16$/m,
        /^ioapic="on"$/m,
        /^rtcuseutc="on"$/m,
        /^boot1="disk"$/m,
        /^graphicscontroller="vmsvga"$/m,
        /^VMState="poweroff"$/m,
        /^VMStateChangeTime="\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}"$/m,
        /^storagecontrollername0="SATA"$/m,
        /^storagecontrollerportcount0="4"$/m,
        new RegExp(`^"SATA-0-0"="${folder}/kl/kl-t1/Snapshots/\\{${UUID}\\}\\.vdi"$`, "m"),
        new RegExp(`^"SATA-ImageUUID-0-0"="${UUID}"$`, "m"),
        /^"SATA-1-0"="none"$/m,
        /^nic1="none"$/m,
        /^nic8="none"$/m,
        /^description="hi there"$/m,
        /^SnapshotName="base"$/m,
        /^CurrentSnapshotName="base"$/m,
      ],
    },
  ];
}
