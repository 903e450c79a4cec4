import { ok, type Step } from "./step";

/** Options of `modifyvm` with values that there are not, and rules of `natpf`. Nothing of a refused call is kept. */
export function settings(): Step[] {
  const refused = (option: string, value: string, message: RegExp, status = 1): Step => ({
    args: ["modifyvm", "kl-c1", "--cpus", "7", option, value],
    status,
    stderr: [message],
  });
  const onOff = ["ioapic", "rtcuseutc", "audio-enabled", "usb", "usb-ohci", "usbehci", "usbxhci", "vrde"];
  const named = ["paravirtprovider", "graphicscontroller", "firmware", "audio-driver"];
  return [
    ...onOff.map((name) => refused(`--${name}`, "maybe", /^VBoxManage: error: Unknown option: maybe$/m)),
    ...named.map((name) =>
      refused(
        `--${name}`,
        "nosuch",
        new RegExp(`^VBoxManage: error: Invalid --${name} argument 'nosuch'$`, "m"),
      ),
    ),
    refused("--chipset", "nosuch", /^VBoxManage: error: Invalid --chipset argument 'nosuch'/m),
    refused("--boot1", "nosuch", /^VBoxManage: error: Invalid boot device 'nosuch'$/m, 2),
    refused(
      "--vram",
      "257",
      /^VBoxManage: error: Invalid VRAM size: 257 MB \(must be in range \[1, 256\] MB\)$/m,
    ),
    refused("--nictype1", "nosuch", /^VBoxManage: error: Invalid NIC type 'nosuch' specified for NIC 1$/m),
    refused("--groups", "kl", /^VBoxManage: error: Invalid machine group 'kl'$/m),
    refused("--macaddress1", "08:00:27:00:00:01", /^VBoxManage: error: Invalid MAC address format$/m),
    refused("--macaddress1", "010027000001", /^VBoxManage: error: Invalid MAC address format$/m),
    refused(
      "--natpf1",
      "b,sctp,,1,,2",
      /^VBoxManage: error: Invalid proto 'b,sctp,,1,,2' specfied for NIC 1$/m,
    ),
    { args: ["showvminfo", "kl-c1", "--machinereadable"], status: 0, stdout: [/^cpus=2$/m] },
    ok("modifyvm", "kl-c1", "--natpf1", "beta,tcp,127.0.0.1,5001,10.0.2.15,1"),
    ok("modifyvm", "kl-c1", "--natpf1", "alpha,tcp,127.0.0.1,5000,10.0.2.15,1"),
    {
      args: ["showvminfo", "kl-c1", "--machinereadable"],
      status: 0,
      stdout: [/^Forwarding\(0\)="alpha,.*\nForwarding\(1\)="api,.*\nForwarding\(2\)="beta,/m],
    },
  ];
}
