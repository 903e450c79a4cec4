import { createTemplate, ok, PROGRESS, type Step, UUID } from "./step";

export function properties(): Step[] {
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

export function states(): Step[] {
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

export function removal(folder: string): Step[] {
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
      args: createTemplate(folder),
      status: 0,
    },
    { args: ["unregistervm", "kl-t1", "--delete"], status: 0 },
  ];
}
