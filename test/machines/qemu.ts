import type { Accelerator } from "./accelerator";
import type { Adapter, Description } from "./description";

/** Where what runs of a machine is. */
export interface RunFiles {
  socket: string;
  console: string;
  pid: string;
  /** The root disk that it runs from, qcow2. */
  root: string;
}

/** Page tables of four levels: an emulated processor walks them itself for each address that is new to it. */
const EMULATED = "max,la57=off";

/**
 * The arguments that make QEMU run a machine as VirtualBox would: that memory, those processors, disks on that controller, adapters
 * with those addresses and forwards. A flush reaches the host's page cache, which outlives a QEMU that is killed, but not its disk.
 * @param taps a network device of the host for each adapter that has a network
 */
export function qemuArguments(
  machine: Description,
  accelerator: Accelerator,
  files: RunFiles,
  taps: ReadonlyMap<number, string>,
): string[] {
  return [
    ...["-name", machine.name, "-uuid", machine.uuid, "-machine", "pc", "-rtc", "base=utc"],
    // MiB of translated code: a GiB for each is QEMU's choice; with 128 a control plane does not fit and is translated over and over.
    ...["-accel", accelerator === "kvm" ? "kvm" : "tcg,thread=multi,tb-size=512"],
    ...["-cpu", accelerator === "kvm" ? "host" : EMULATED],
    ...["-smp", String(machine.cpus), "-m", String(machine.memoryMiB)],
    ...["-nodefaults", "-display", "none", "-daemonize", "-pidfile", files.pid],
    ...["-qmp", `unix:${files.socket},server,nowait`, "-serial", `file:${files.console}`],
    ...["-device", "virtio-rng-pci", "-device", "ich9-ahci,id=sata"],
    ...machine.disks.flatMap(({ port, file }) => [
      "-drive",
      `if=none,id=disk${port},cache=unsafe,${port === 0 ? `format=qcow2,file=${files.root}` : `format=vdi,file=${file}`}`,
      "-device",
      `ide-hd,bus=sata.${port},drive=disk${port}`,
    ]),
    ...machine.drives.flatMap(({ port, file }) => [
      "-drive",
      `if=none,id=disc${port},media=cdrom,readonly=on${file === undefined ? "" : `,format=raw,file=${file}`}`,
      "-device",
      `ide-cd,id=drive${port},bus=sata.${port},drive=disc${port}`,
    ]),
    ...machine.adapters.flatMap((adapter) => [
      "-netdev",
      backend(adapter, taps.get(adapter.number)),
      "-device",
      `${adapter.device},netdev=net${adapter.number},mac=${adapter.mac}`,
    ]),
  ];
}

function backend({ number, forwards }: Adapter, tap: string | undefined): string {
  if (tap !== undefined) return `tap,id=net${number},ifname=${tap},script=no,downscript=no`;
  const rules = forwards.map((rule) => {
    const [, protocol, hostAddress, hostPort, guestAddress, guestPort] = rule.split(",");
    return `,hostfwd=${protocol}:${hostAddress}:${hostPort}-${guestAddress}:${guestPort}`;
  });
  return `user,id=net${number}${rules.join("")}`;
}
