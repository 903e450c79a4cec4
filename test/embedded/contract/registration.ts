import { readdirSync } from "node:fs";
import { join } from "node:path";
import { ok, type Step, UUID } from "./step";

/** The linked clone kl-c1 is unregistered, with its files left, and registered again; so is its template. */
export function registration(folder: string): Step[] {
  const settings = `${folder}/kl/dev/kl-c1/kl-c1.vbox`;
  const snapshots = `${folder}/kl/dev/kl-c1/Snapshots`;
  const ownDisk = () => join(snapshots, readdirSync(snapshots).find((file) => file.endsWith(".vdi")) ?? "");
  const failed = (args: Step["args"], ...stderr: RegExp[]): Step => ({ args, status: 1, stderr });
  const failure = /code NS_ERROR_FAILURE \(0x80004005\), component MachineWrap, interface IMachine/;
  return [
    failed(
      ["registervm", settings],
      /^VBoxManage: error: Trying to open a VM config '.*kl-c1\.vbox' which has the same UUID as an existing virtual machine$/m,
      failure,
    ),
    failed(
      ["registervm", `${folder}/none.vbox`],
      /^VBoxManage: error: Runtime error opening '.*none\.vbox' for reading VERR_FILE_NOT_FOUND \(File not found\.\)\.$/m,
      failure,
    ),
    failed(["registervm", `${folder}/bytes.raw`], /^VBoxManage: error: Location: '.*bytes\.raw'/m, failure),
    ok("unregistervm", "kl-c1"),
    failed(["showvminfo", "kl-c1", "--machinereadable"], /code VBOX_E_OBJECT_NOT_FOUND/),
    // A linked clone's disk is in its template's list, which has it no more.
    failed(
      ["registervm", settings],
      new RegExp(`^VBoxManage: error: Could not find an open hard disk with UUID \\{${UUID}\\}$`, "m"),
      /code VBOX_E_OBJECT_NOT_FOUND \(0x80bb0001\), component VirtualBoxWrap, interface IVirtualBox/,
    ),
    {
      args: ["showmediuminfo", "disk", ownDisk],
      status: 0,
      stdout: [/^Type: {11}normal \(differencing\)$/m],
    },
    ok("registervm", settings),
    ok("setextradata", "kl-t1", "kube-lab/registered", "kl-c1"),
    {
      args: ["showvminfo", "kl-c1", "--machinereadable"],
      status: 0,
      stdout: [
        /^UUID="11111111-2222-4333-8444-555555555555"$/m,
        /^cpus=2$/m,
        /^"SATA-0-0"=".*kl-c1\/Snapshots\//m,
      ],
    },
    ok("unregistervm", "kl-c1"),
    ok("unregistervm", "kl-t1"),
    failed(
      ["showmediuminfo", "disk", ownDisk],
      new RegExp(
        `^VBoxManage: error: Parent medium with UUID \\{${UUID}\\} of the medium '.*' is not found in the media registry`,
        "m",
      ),
    ),
    ok("registervm", `${folder}/kl/kl-t1/kl-t1.vbox`),
    ok("showmediuminfo", "disk", ownDisk),
    ok("registervm", settings),
    ok("setextradata", "kl-t1", "kube-lab/registered", "kl-c1"),
  ];
}
