/**
 * One script of VBoxManage calls with what each must answer. Held against the stand-in by every test run, and against a
 * real VBoxManage 7.2 where there is one (KUBE_LAB_REAL_VBOXMANAGE); nothing in it starts a machine.
 */
export interface Step {
  args: string[];
  /** Exit status. */
  status: number;
  /** Each must match standard output. */
  stdout?: RegExp[];
  /** Each must match standard error. */
  stderr?: RegExp[];
}

const MACHINE_MISSING = [
  /^VBoxManage: error: Could not find a registered machine named 'kl-none'$/m,
  /^VBoxManage: error: Details: code VBOX_E_OBJECT_NOT_FOUND \(0x80bb0001\), component VirtualBoxWrap, interface IVirtualBox, callee nsISupports$/m,
  /^VBoxManage: error: Context: "FindMachine\(/m,
];
const UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}";
const PROGRESS = /^0%\.\.\.10%.*100%$/m;

/** `folder` is empty, but for `bytes.raw` (20 MiB of zeros) and `seed.iso`. */
export function contract(folder: string): Step[] {
  const ok = (...args: string[]): Step => ({ args, status: 0 });
  return [
    { args: ["--version"], status: 0, stdout: [/^7\.\d+\.\d+[^\n]*r\d+$/m] },
    { args: ["showvminfo", "kl-none", "--machinereadable"], status: 1, stderr: MACHINE_MISSING },
    { args: ["modifyvm", "kl-none", "--memory", "1024"], status: 1, stderr: MACHINE_MISSING },
    { args: ["startvm", "kl-none", "--type", "headless"], status: 1, stderr: MACHINE_MISSING },
    { args: ["controlvm", "kl-none", "poweroff"], status: 1, stderr: MACHINE_MISSING },
    { args: ["unregistervm", "kl-none", "--delete"], status: 1, stderr: MACHINE_MISSING },
    { args: ["clonevm", "kl-none", "--options", "Link", "--name", "x"], status: 1, stderr: MACHINE_MISSING },
    { args: ["getextradata", "kl-none", "x"], status: 1, stderr: MACHINE_MISSING },
    { args: ["guestproperty", "get", "kl-none", "/x"], status: 1, stderr: MACHINE_MISSING },
    { args: ["snapshot", "kl-none", "list"], status: 1, stderr: MACHINE_MISSING },
    { args: ["nosuchverb"], status: 2, stderr: [/^VBoxManage: error: Invalid command 'nosuchverb'$/m] },
    ...images(folder, ok),
    ...clones(folder, ok),
    ...dataDisks(folder, ok),
    ...properties(ok),
    ...states(),
    ...removal(folder, ok),
  ];
}

type Ok = (...args: string[]) => Step;

function images(folder: string, ok: Ok): Step[] {
  const sata = ["--storagectl", "SATA", "--port", "0", "--device", "0", "--type", "hdd", "--medium"];
  return [
    {
      args: [
        "createvm",
        "--name",
        "kl-t1",
        "--ostype",
        "Debian_64",
        "--groups",
        "/kl",
        "--basefolder",
        folder,
        "--register",
      ],
      status: 0,
      stdout: [
        /^Virtual machine 'kl-t1' is created and registered\.$/m,
        new RegExp(`^UUID: ${UUID}$`, "m"),
        new RegExp(`^Settings file: '${folder}/kl/kl-t1/kl-t1.vbox'$`, "m"),
      ],
    },
    {
      args: [
        "createvm",
        "--name",
        "kl-t1",
        "--ostype",
        "Debian_64",
        "--groups",
        "/kl",
        "--basefolder",
        folder,
        "--register",
      ],
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
    ok(
      "storagectl",
      "kl-t1",
      "--name",
      "SATA",
      "--add",
      "sata",
      "--controller",
      "IntelAhci",
      "--portcount",
      "4",
      "--bootable",
      "on",
    ),
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

function clones(folder: string, ok: Ok): Step[] {
  const clone = ["clonevm", "kl-t1", "--snapshot", "base", "--options", "Link", "--basefolder", folder];
  return [
    {
      args: [
        ...clone,
        "--name",
        "kl-c1",
        "--groups",
        "/kl/dev",
        "--uuid",
        "11111111-2222-4333-8444-555555555555",
        "--register",
      ],
      status: 0,
      stdout: [/^Machine has been successfully cloned as "kl-c1"$/m],
      stderr: [PROGRESS],
    },
    {
      args: [
        "clonevm",
        "kl-t1",
        "--snapshot",
        "nosuch",
        "--options",
        "Link",
        "--name",
        "kl-c2",
        "--register",
      ],
      status: 1,
      stderr: [
        /^VBoxManage: error: Could not find a snapshot named 'nosuch'$/m,
        /code VBOX_E_OBJECT_NOT_FOUND \(0x80bb0001\), component MachineWrap/,
      ],
    },
    {
      args: ["clonevm", "kl-t1", "--options", "Link", "--name", "kl-c2", "--register"],
      status: 1,
      stderr: [
        /^VBoxManage: error: Linked clone can only be created from a snapshot$/m,
        /code NS_ERROR_INVALID_ARG \(0x80070057\)/,
      ],
    },
    ok(
      ...[
        "modifyvm",
        "kl-c1",
        "--cpus",
        "2",
        "--memory",
        "2048",
        "--description",
        "desc",
        "--groups",
        "/kl/dev",
      ],
      ...[
        "--nic1",
        "nat",
        "--nictype1",
        "virtio",
        "--macaddress1",
        "080027ABCDEF",
        "--cableconnected1",
        "on",
      ],
      ...["--natpf1", "ssh,tcp,127.0.0.1,2222,10.0.2.15,22", "--natpf1", "api,tcp,127.0.0.1,18080,,6443"],
      ...[
        "--nic2",
        "intnet",
        "--nictype2",
        "virtio",
        "--macaddress2",
        "080027ABCDE0",
        "--intnet2",
        "kl-dev-mast",
      ],
    ),
    ok("modifyvm", "kl-c1", "--natpf1", "delete", "ssh"),
    {
      args: ["modifyvm", "kl-c1", "--natpf1", "delete", "ssh"],
      status: 1,
      stderr: [/NS_ERROR_INVALID_ARG \(0x80070057\)/],
    },
    {
      args: ["modifyvm", "kl-c1", "--natpf1", "api,tcp,127.0.0.1,18080,,6443"],
      status: 1,
      stderr: [
        /^VBoxManage: error: A NAT rule of this name already exists$/m,
        /component NATEngineWrap, interface INATEngine/,
      ],
    },
    {
      args: ["modifyvm", "kl-c1", "--natpf1", "garbage"],
      status: 2,
      stderr: [/^VBoxManage: error: Missing or invalid argument to '--natpf'$/m],
    },
    {
      args: ["modifyvm", "kl-c1", "--memory", "1"],
      status: 1,
      stderr: [
        /^VBoxManage: error: Invalid RAM size: 1 MB \(must be in range \[4, 2097152\] MB\)$/m,
        /code NS_ERROR_INVALID_ARG/,
      ],
    },
    {
      args: ["modifyvm", "kl-c1", "--cpus", "99"],
      status: 1,
      stderr: [/^VBoxManage: error: Invalid virtual CPU count: 99 \(must be in range \[1, 64\]\)$/m],
    },
    {
      args: ["modifyvm", "kl-c1", "--macaddress1", "xyz"],
      status: 1,
      stderr: [
        /^VBoxManage: error: Invalid MAC address format$/m,
        /component NetworkAdapterWrap, interface INetworkAdapter/,
      ],
    },
    {
      args: ["modifyvm", "kl-c1", "--nic1", "foo"],
      status: 1,
      stderr: [/^VBoxManage: error: Invalid type 'foo' specfied for NIC 1$/m],
    },
    {
      args: ["modifyvm", "kl-c1", "--nosuch", "3"],
      status: 1,
      stderr: [/^VBoxManage: error: Unknown option: --nosuch$/m],
    },
    {
      args: ["showvminfo", "kl-c1", "--machinereadable"],
      status: 0,
      stdout: [
        /^groups="\/kl\/dev"$/m,
        /^UUID="11111111-2222-4333-8444-555555555555"$/m,
        /^memory=2048$/m,
        /^cpus=2$/m,
        new RegExp(
          `^"SATA-0-0"="${folder}/kl-c1/Snapshots/\\{${UUID}\\}\\.vdi"$|^"SATA-0-0"=".*/kl-c1/Snapshots/`,
          "m",
        ),
        /^natnet1="nat"$/m,
        /^macaddress1="080027ABCDEF"$/m,
        /^cableconnected1="on"$/m,
        /^nic1="nat"$/m,
        /^nictype1="virtio"$/m,
        /^Forwarding\(0\)="api,tcp,127\.0\.0\.1,18080,,6443"$/m,
        /^intnet2="kl-dev-mast"$/m,
        /^nic2="intnet"$/m,
        /^nic3="none"$/m,
        /^description="desc"$/m,
      ],
    },
  ];
}

function dataDisks(folder: string, ok: Ok): Step[] {
  const create = [
    "createmedium",
    "disk",
    "--filename",
    `${folder}/data.vdi`,
    "--size",
    "1000",
    "--format",
    "VDI",
    "--variant",
    "Standard",
  ];
  const attach = ["storageattach", "kl-c1", "--storagectl", "SATA", "--port"];
  return [
    {
      args: create,
      status: 0,
      stdout: [new RegExp(`^Medium created\\. UUID: ${UUID}$`, "m")],
      stderr: [PROGRESS],
    },
    {
      args: create,
      status: 1,
      stderr: [
        /^VBoxManage: error: Failed to create medium$/m,
        /^VBoxManage: error: VDI: cannot create image '.*data\.vdi' \(VERR_ALREADY_EXISTS\)$/m,
        /^VBoxManage: error: Details: code VBOX_E_FILE_ERROR \(0x80bb0004\), component MediumWrap, interface IMedium$/m,
      ],
    },
    {
      args: ["showmediuminfo", "disk", `${folder}/data.vdi`],
      status: 0,
      stdout: [
        new RegExp(`^UUID:           ${UUID}$`, "m"),
        /^Parent UUID: {4}base$/m,
        /^State: {10}created$/m,
        /^Type: {11}normal \(base\)$/m,
        new RegExp(`^Location:       ${folder}/data.vdi$`, "m"),
        /^Storage format: VDI$/m,
        /^Capacity: {7}1000 MBytes$/m,
      ],
    },
    {
      args: ["modifymedium", "disk", `${folder}/data.vdi`, "--resize", "2000"],
      status: 0,
      stderr: [PROGRESS],
    },
    {
      args: ["modifymedium", "disk", `${folder}/data.vdi`, "--resize", "1000"],
      status: 1,
      stderr: [
        /^VBoxManage: error: Shrinking is not yet supported for medium '.*data\.vdi'$/m,
        /code VBOX_E_NOT_SUPPORTED \(0x80bb0009\)/,
      ],
    },
    {
      args: ["showmediuminfo", "disk", `${folder}/data.vdi`],
      status: 0,
      stdout: [/^Capacity: {7}2000 MBytes$/m],
    },
    {
      args: ["showmediuminfo", "disk", `${folder}/none.vdi`],
      status: 1,
      stderr: [/Could not find file for the medium '.*none\.vdi'/],
    },
    ok(...attach, "1", "--device", "0", "--type", "hdd", "--medium", `${folder}/data.vdi`),
    {
      args: [...attach, "3", "--device", "0", "--type", "hdd", "--medium", `${folder}/data.vdi`],
      status: 1,
      stderr: [/is already attached to this virtual machine$/m, /code VBOX_E_OBJECT_IN_USE/],
    },
    ok(...attach, "2", "--device", "0", "--type", "dvddrive", "--medium", `${folder}/seed.iso`),
    {
      args: ["showvminfo", "kl-c1", "--machinereadable"],
      status: 0,
      stdout: [
        new RegExp(`^"SATA-1-0"="${folder}/data.vdi"$`, "m"),
        new RegExp(`^"SATA-2-0"="${folder}/seed.iso"$`, "m"),
        new RegExp(`^"SATA-ImageUUID-2-0"="${UUID}"$`, "m"),
        /^"SATA-IsEjected-2-0"="off"$/m,
      ],
    },
    {
      args: ["closemedium", "dvd", `${folder}/seed.iso`],
      status: 1,
      stderr: [
        /cannot be closed because it is still attached to 1 virtual machines$/m,
        /code VBOX_E_OBJECT_IN_USE \(0x80bb000c\)/,
      ],
    },
    ok(...attach, "2", "--device", "0", "--type", "dvddrive", "--medium", "emptydrive"),
    { args: ["showvminfo", "kl-c1", "--machinereadable"], status: 0, stdout: [/^"SATA-2-0"="emptydrive"$/m] },
    ok("closemedium", "dvd", `${folder}/seed.iso`),
    ok(...attach, "2", "--device", "0", "--type", "dvddrive", "--medium", "none"),
    {
      args: [...attach, "2", "--device", "0", "--type", "dvddrive", "--medium", "none"],
      status: 1,
      stderr: [
        /^VBoxManage: error: No storage device attached to device slot 0 on port 2 of controller 'SATA'$/m,
      ],
    },
    {
      args: ["list", "hdds"],
      status: 0,
      stdout: [
        new RegExp(
          `^UUID: {11}${UUID}\\nParent UUID: {4}base\\nState: {10}created\\nType: {11}normal \\(base\\)\\nLocation: {7}${folder}/data.vdi\\nStorage format: VDI\\nCapacity: {7}2000 MBytes\\nEncryption: {5}disabled\\n$`,
          "m",
        ),
        /^Type: {11}normal \(differencing\)$/m,
      ],
    },
    {
      args: ["closemedium", "disk", `${folder}/data.vdi`, "--delete"],
      status: 1,
      stderr: [/cannot be closed because it is still attached to 1 virtual machines$/m],
    },
    {
      args: ["clonemedium", "disk", `${folder}/data.vdi`, `${folder}/copy.vdi`, "--format", "VDI"],
      status: 0,
      stdout: [new RegExp(`^Clone medium created in format 'VDI'\\. UUID: ${UUID}$`, "m")],
    },
    ok("closemedium", "disk", `${folder}/copy.vdi`, "--delete"),
  ];
}

function properties(ok: Ok): Step[] {
  const key = "kube-lab/incarnation";
  return [
    { args: ["getextradata", "kl-c1", key], status: 0, stdout: [/^No value set!$/m] },
    ok("setextradata", "kl-c1", key, "2026-11-21T04:33:10Z missing"),
    { args: ["getextradata", "kl-c1", key], status: 0, stdout: [/^Value: 2026-11-21T04:33:10Z missing$/m] },
    {
      args: ["getextradata", "kl-c1", "enumerate"],
      status: 0,
      stdout: [/^Key: kube-lab\/incarnation, Value: 2026/m],
    },
    ok("setextradata", "kl-c1", key),
    { args: ["getextradata", "kl-c1", key], status: 0, stdout: [/^No value set!$/m] },
    { args: ["guestproperty", "get", "kl-c1", "/x"], status: 0, stdout: [/^No value set!$/m] },
    ok("guestproperty", "set", "kl-c1", "/x", "y"),
    { args: ["guestproperty", "get", "kl-c1", "/x"], status: 0, stdout: [/^Value: y$/m] },
    { args: ["guestproperty", "enumerate", "kl-c1"], status: 0, stdout: [/^\/x\s+= 'y'\s+@ 2\d{3}-/m] },
    {
      args: ["list", "vms"],
      status: 0,
      stdout: [new RegExp(`^"kl-t1" \\{${UUID}\\}$`, "m"), /^"kl-c1" \{11111111-/m],
    },
    {
      args: ["list", "systemproperties"],
      status: 0,
      stdout: [/^Default machine folder: {10}\/\S/m, /^API version: {21}7_/m],
    },
    {
      args: ["list", "hostinfo"],
      status: 0,
      stdout: [/^Processor count: \d+$/m, /^Memory size: \d+ MByte$/m],
    },
    { args: ["list", "nosuch"], status: 2, stderr: [/Unknown subcommand "nosuch"\.$/m] },
  ];
}

function states(): Step[] {
  const off = [/^VBoxManage: error: Machine 'kl-c1' is not currently running\.$/m];
  return [
    { args: ["controlvm", "kl-c1", "poweroff"], status: 1, stderr: off },
    { args: ["controlvm", "kl-c1", "acpipowerbutton"], status: 1, stderr: off },
    {
      args: ["startvm", "kl-c1", "--type", "nosuch"],
      status: 1,
      stderr: [/^VBoxManage: error: Invalid frontend name: 'nosuch'$/m, /code NS_ERROR_INVALID_ARG/],
    },
    {
      args: ["snapshot", "kl-t1", "delete", "nosuch"],
      status: 1,
      stderr: [/Could not find a snapshot named 'nosuch'/],
    },
    {
      args: ["snapshot", "kl-t1", "delete", "base"],
      status: 1,
      stderr: [/has more than one child hard disk \(2\)$/m, /code NS_ERROR_FAILURE \(0x80004005\)/],
    },
    {
      args: ["hostonlyif", "remove", "vboxnet77"],
      status: 1,
      stderr: [
        /The host network interface named 'vboxnet77' could not be found/,
        /component HostWrap, interface IHost/,
      ],
    },
  ];
}

function removal(folder: string, ok: Ok): Step[] {
  return [
    { args: ["unregistervm", "kl-c1", "--delete"], status: 0, stderr: [PROGRESS] },
    {
      args: ["showmediuminfo", "disk", `${folder}/data.vdi`],
      status: 1,
      stderr: [/Could not find file for the medium/],
    },
    ok("snapshot", "kl-t1", "delete", "base"),
    { args: ["unregistervm", "kl-t1", "--delete"], status: 0, stderr: [PROGRESS] },
    {
      args: [
        "createvm",
        "--name",
        "kl-t1",
        "--ostype",
        "Debian_64",
        "--groups",
        "/kl",
        "--basefolder",
        folder,
        "--register",
      ],
      status: 0,
    },
    { args: ["unregistervm", "kl-t1", "--delete"], status: 0 },
  ];
}
