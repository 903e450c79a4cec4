import { clones } from "./clones";
import { dataDisks } from "./disks";
import { images } from "./images";
import { registration } from "./registration";
import { settings } from "./settings";
import { snapshots } from "./snapshots";
import { properties, removal, states } from "./states";
import type { Step } from "./step";

const MACHINE_MISSING = [
  /^VBoxManage: error: Could not find a registered machine named 'kl-none'$/m,
  /^VBoxManage: error: Details: code VBOX_E_OBJECT_NOT_FOUND \(0x80bb0001\), component VirtualBoxWrap, interface IVirtualBox, callee nsISupports$/m,
  /^VBoxManage: error: Context: "FindMachine\(/m,
];

/** `folder` is empty, but for `bytes.raw` (20 MiB of zeros) and `seed.iso`. */
export function contract(folder: string): Step[] {
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
    ...images(folder),
    ...clones(folder),
    ...registration(folder),
    ...settings(),
    ...dataDisks(folder),
    ...snapshots(folder),
    ...properties(),
    ...states(),
    ...removal(folder),
  ];
}
