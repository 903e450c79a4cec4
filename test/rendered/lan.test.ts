import { exampleLab, firstOf } from "./example-lab";
import { expectAccepted, testWith } from "./tool";
import { type WrittenMachine, writeMachine } from "./written-machine";

const onLan = (bridged: object) =>
  exampleLab({ hostAccess: { mode: "bridged", adapter: "eth0", bridged: { machines: "all", ...bridged } } });

describe.each([
  ["trusts a part of it", "192.168.178.0/28", "192.168.178.0/28"],
  ["trusts nobody", undefined, "127.0.0.2"],
])("a worker on a LAN that %s", (_name, trusted, shown) => {
  const plan = onLan(trusted === undefined ? {} : { trusted });
  let worker: WrittenMachine;
  beforeAll(() => {
    worker = writeMachine(plan, firstOf(plan, "worker"));
    worker.render('. "$LIBRARY/lan.sh"; lan_interface() { echo enp0s8; }; lan_render');
  });
  afterAll(() => worker.remove());

  testWith("nft")("nft -c accepts the filter of its adapter", () => {
    expectAccepted("unshare", ["--net", "nft", "--check", "--file", worker.at("/etc/kube-lab/lan.nft")]);
  });

  test("the filter is for that adapter and those whom the lab trusts", () => {
    expect(worker.read("/etc/kube-lab/lan.nft")).toContain('define interface = "enp0s8"');
    expect(worker.read("/etc/kube-lab/lan.nft")).toContain(`define trusted = ${shown}\n`);
  });

  test("it knows its adapter by the address that the plan gives it", () => {
    const mac = firstOf(plan, "worker").adapters[1]?.mac;
    expect(worker.read("/etc/kube-lab/environment")).toContain(`LAN_MAC='${mac}'\n`);
  });
});

test("the gateway, and machines that are not on the LAN, have no such filter", () => {
  for (const [plan, role] of [
    [onLan({}), "gateway"],
    [exampleLab(), "worker"],
  ] as const) {
    const machine = writeMachine(plan, firstOf(plan, role));
    expect(machine.read("/etc/kube-lab/environment")).not.toContain("LAN_MAC");
    expect(machine.files.filter(({ path }) => /lan\.(sh|nft)$/.test(path))).toEqual([]);
    machine.remove();
  }
});
