import { ok, PROGRESS, type Step, UUID } from "./step";

/** A linked clone with its adapters. */
export function clones(folder: string): Step[] {
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
