import { deniedDevices } from "../../../embedded/cgroup/devices";

const devices = `Character devices:
  1 mem
  4 /dev/vc/0
  4 tty
  5 /dev/tty
 10 misc
 13 input
136 pts

Block devices:
  7 loop
  8 sd
254 virtblk
`;
const misc = "235 autofs\n200 tun\n229 fuse\n237 loop-control\n";

test("a machine opens its own disks, terminals and what the network and Gluster need, and nothing else of the host", () => {
  expect(deniedDevices(devices, misc)).toEqual([
    ...["b 8:* rw", "b 254:* rw"],
    ...["c 4:* rw", "c 13:* rw", "c 1:1 rw", "c 1:2 rw", "c 1:4 rw", "c 10:235 rw", "c 10:237 rw"],
  ]);
});

test("none of its rules is about making a node, which every pod's own rules allow", () => {
  expect(deniedDevices(devices, misc).filter((rule) => rule.endsWith("m"))).toEqual([]);
});
