import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export type Accelerator = "kvm" | "tcg";

const BOUND_MS = 20_000;
/** What QEMU ends with when 0x10 is written to the port of isa-debug-exit: twice that and one. */
const WRITTEN = 33;

/**
 * KVM where it works: a nested one may offer the device and yet run nothing, so a boot sector is run that writes to one port. Asked
 * once for a folder.
 */
export function accelerator(folder: string): Accelerator {
  const answer = join(folder, "accelerator");
  if (!existsSync(answer)) writeFileSync(answer, runsByKvm(folder) ? "kvm" : "tcg");
  return readFileSync(answer, "utf8") as Accelerator;
}

function runsByKvm(folder: string): boolean {
  if (!existsSync("/dev/kvm")) return false;
  const disk = join(folder, "boot-sector");
  const sector = Buffer.alloc(512);
  // mov dx, 0xf4; mov al, 0x10; out dx, al; hlt
  sector.set([0xba, 0xf4, 0x00, 0xb0, 0x10, 0xee, 0xf4]);
  sector.set([0x55, 0xaa], 510);
  writeFileSync(disk, sector);
  const options = ["-accel", "kvm", "-cpu", "host", "-m", "32", "-nodefaults", "-display", "none"];
  const devices = ["-device", "isa-debug-exit,iobase=0xf4", "-drive", `format=raw,file=${disk}`];
  const { status } = spawnSync("qemu-system-x86_64", [...options, ...devices], {
    ...{ timeout: BOUND_MS, killSignal: "SIGKILL", stdio: "ignore" },
  });
  return status === WRITTEN;
}
