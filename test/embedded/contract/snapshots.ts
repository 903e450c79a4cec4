import { ok, PROGRESS, type Step, UUID } from "./step";

/** Snapshots of the linked clone kl-c1 that are taken, restored and deleted; it has none before and one afterwards. */
export function snapshots(folder: string): Step[] {
  const snapshot = (...words: string[]) => ["snapshot", "kl-c1", ...words];
  const show = ["showvminfo", "kl-c1", "--machinereadable"];
  const listed = (text: string): Step => ({
    args: snapshot("list", "--machinereadable"),
    status: 0,
    stdout: [new RegExp(text.replace(/UUID(-\d+)?=/g, `$&"${UUID}"`), "m")],
  });
  const refused = (args: string[], message: RegExp, details: RegExp): Step => ({
    args,
    status: 1,
    stderr: [message, details],
  });
  const none = /^VBoxManage: error: This machine does not have any snapshots$/m;
  const notFound =
    /code VBOX_E_OBJECT_NOT_FOUND \(0x80bb0001\), component SessionMachine, interface IMachine/;
  const kept =
    /code VBOX_E_INVALID_OBJECT_STATE \(0x80bb0007\), component SessionMachine, interface IMachine/;
  return [
    { args: snapshot("list"), status: 1, stdout: [/^This machine does not have any snapshots$/m] },
    { args: snapshot("restorecurrent"), status: 1, stdout: [/^This machine does not have any snapshots$/m] },
    refused(snapshot("restore", "one"), none, notFound),
    refused(snapshot("delete", "one"), none, notFound),
    { args: snapshot("take"), status: 1, stderr: [/^VBoxManage: error: Missing snapshot name$/m] },
    { args: snapshot("restore"), status: 1, stderr: [/^VBoxManage: error: Expecting snapshot name only$/m] },
    {
      args: snapshot("restore", "one", "two"),
      status: 1,
      stderr: [/^VBoxManage: error: Expecting snapshot name only$/m],
    },
    { args: snapshot("nosuch"), status: 1, stderr: [/^VBoxManage: error: Invalid parameter 'nosuch'$/m] },

    ok("modifyvm", "kl-c1", "--cpus", "2", "--memory", "1024", "--nic3", "intnet", "--intnet3", "kl-before"),
    {
      args: snapshot("take", "one", "--description", "kube-lab, 12 machines"),
      status: 0,
      stdout: [new RegExp(`^Snapshot taken\\. UUID: ${UUID}$`, "m")],
      stderr: [PROGRESS],
    },
    ok("modifyvm", "kl-c1", "--cpus", "1", "--memory", "512", "--nic3", "none", "--description", "after"),
    ok(...snapshot("take", "two")),
    {
      args: snapshot("list"),
      status: 0,
      stdout: [
        new RegExp(
          `^   Name: one \\(UUID: ${UUID}\\)\n   Description: kube-lab, 12 machines\n      Name: two \\(UUID: ${UUID}\\) \\*$`,
          "m",
        ),
      ],
    },
    refused(
      snapshot("restore", "three"),
      /^VBoxManage: error: Could not find a snapshot named 'three'$/m,
      notFound,
    ),
    {
      args: snapshot("restore", "one"),
      status: 0,
      stdout: [new RegExp(`^Restoring snapshot 'one' \\(${UUID}\\)$`, "m")],
      stderr: [PROGRESS],
    },
    listed(
      '^SnapshotName="one"\nSnapshotUUID=\nSnapshotDescription="kube-lab, 12 machines"\nCurrentSnapshotName="one"\nCurrentSnapshotUUID=\nCurrentSnapshotNode="SnapshotName"\nSnapshotName-1="two"\nSnapshotUUID-1=$',
    ),
    {
      args: show,
      status: 0,
      stdout: [
        /^cpus=2$/m,
        /^memory=1024$/m,
        /^intnet3="kl-before"$/m,
        // It belongs to the machine, not to its snapshots.
        /^description="after"$/m,
        new RegExp(`^"SATA-0-0"=".*/Snapshots/\\{${UUID}\\}\\.vdi"$`, "m"),
        new RegExp(`^"SATA-1-0"=".*/Snapshots/\\{${UUID}\\}\\.vdi"$`, "m"),
      ],
    },
    refused(
      snapshot("delete", "one"),
      /^VBoxManage: error: Snapshot 'one' of the machine 'kl-c1' cannot be deleted, because it is the current snapshot and has one child snapshot$/m,
      kept,
    ),
    ok(...snapshot("take", "three")),
    refused(
      snapshot("delete", "one"),
      /^VBoxManage: error: Snapshot 'one' of the machine 'kl-c1' cannot be deleted, because it has 2 child snapshots, which is more than the one snapshot allowed for deletion$/m,
      kept,
    ),
    {
      args: snapshot("delete", "two"),
      status: 0,
      stdout: [new RegExp(`^Deleting snapshot 'two' \\(${UUID}\\)$`, "m")],
      stderr: [PROGRESS],
    },
    ok(...snapshot("delete", "one")),
    {
      args: snapshot("restorecurrent"),
      status: 0,
      stdout: [new RegExp(`^Restoring snapshot 'three' \\(${UUID}\\)$`, "m")],
    },
    ok(...snapshot("delete", "three")),
    {
      args: show,
      status: 0,
      stdout: [new RegExp(`^"SATA-1-0"="${folder}/data\\.vdi"$`, "m")],
    },
    ok("modifyvm", "kl-c1", "--nic3", "none"),
    // Goes with the machine.
    ok(...snapshot("take", "left")),
  ];
}
