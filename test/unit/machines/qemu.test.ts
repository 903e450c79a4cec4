import { parseMachineReadable } from "../../../hypervisor/driver/output";
import { describeMachine } from "../../machines/description";
import { qemuArguments } from "../../machines/qemu";

const files = { socket: "/run/qmp", console: "/run/console", pid: "/run/pid", root: "/run/root.qcow2" };

/** As the real one prints it, shortened. */
const info = `name="gate"
UUID="5457faeb-92c0-4e8b-bd25-ca8c7836efc1"
memory=512
cpus=2
"SATA-0-0"="/machines/gate/Snapshots/{e7c07389}.vdi"
"SATA-1-0"="/machines/data.vdi"
"SATA-2-0"="/machines/seeds/gate.iso"
"SATA-3-0"="none"
nic1="nat"
nictype1="virtio"
macaddress1="080027ABCDEF"
Forwarding(0)="ssh,tcp,127.0.0.1,2222,10.0.2.15,22"
nic2="intnet"
nictype2="82540EM"
intnet2="lab-mast"
macaddress2="080027ABCDE0"
nic3="none"
`;

test("QEMU gets what VirtualBox has written down of a machine", () => {
  const machine = describeMachine(parseMachineReadable(info));
  const words = qemuArguments(machine, "tcg", files, new Map([[2, "tap2"]])).join(" ");
  for (const part of [
    "-smp 2 -m 512",
    "if=none,id=disk0,cache=unsafe,format=qcow2,file=/run/root.qcow2 -device ide-hd,bus=sata.0",
    "if=none,id=disk1,cache=unsafe,format=vdi,file=/machines/data.vdi -device ide-hd,bus=sata.1",
    "media=cdrom,readonly=on,format=raw,file=/machines/seeds/gate.iso -device ide-cd,id=drive2,bus=sata.2",
    "user,id=net1,hostfwd=tcp:127.0.0.1:2222-10.0.2.15:22 -device virtio-net-pci,netdev=net1,mac=08:00:27:ab:cd:ef",
    "tap,id=net2,ifname=tap2,script=no,downscript=no -device e1000,netdev=net2,mac=08:00:27:ab:cd:e0",
  ])
    expect(words).toContain(part);
  expect(words).not.toContain("sata.3");
});

test("a drive without a disc is there for one", () => {
  const machine = describeMachine(
    parseMachineReadable(info.replace("/machines/seeds/gate.iso", "emptydrive")),
  );
  expect(machine.drives).toEqual([{ port: 2 }]);
});
