import {
  adapterOptions,
  formatAdapter,
  formatForward,
  forwardRule,
  parseAdapter,
  parseForward,
  parseForwardRule,
} from "../../../hypervisor/machine/adapters";

const MAC = "08:00:27:ab:cd:ef";

describe("adapters as text", () => {
  it.each([
    `nat ${MAC}`,
    `internal kube-lab-dev-mast ${MAC}`,
    `hostonly VirtualBox Host-Only Ethernet Adapter #2 ${MAC}`,
    `bridged en0: Wi-Fi (AirPort) ${MAC}`,
    `bridged Intel(R) Ethernet Connection (7) I219-LM ${MAC}`,
  ])("%s survives reading and writing", (text) => {
    const adapter = parseAdapter(text);
    expect(adapter).toBeDefined();
    expect(adapter && formatAdapter(adapter)).toBe(text);
  });

  it.each([
    "",
    "nat",
    `nat eth0 ${MAC}`,
    `internal ${MAC}`,
    `tap x ${MAC}`,
    "nat 08-00-27-ab-cd-ef",
    "nat 08:00:27:AB:CD:EF",
  ])("refuses %j", (text) => expect(parseAdapter(text)).toBeUndefined());
});

describe("forwards", () => {
  const text = "127.0.0.1:18080 -> 10.0.2.15:6443";

  it("survive reading and writing, also as VBoxManage's rule", () => {
    const forward = parseForward("api", text);
    expect(forward && formatForward(forward)).toBe(text);
    expect(forward && forwardRule(forward)).toBe("api,tcp,127.0.0.1,18080,10.0.2.15,6443");
    expect(parseForwardRule("api,tcp,127.0.0.1,18080,10.0.2.15,6443")).toEqual(forward);
  });

  it.each(["18080 -> 6443", "127.0.0.1:0 -> 10.0.2.15:6443", "127.0.0.1:70000 -> 10.0.2.15:22"])(
    "refuses %j",
    (wrong) => expect(parseForward("api", wrong)).toBeUndefined(),
  );
});

describe("options of modifyvm", () => {
  const common = (index: number) => [
    `--nictype${index}`,
    "virtio",
    `--macaddress${index}`,
    "080027ABCDEF",
    `--cableconnected${index}`,
    "on",
  ];

  it("names the network by kind", () => {
    const options = (kind: "nat" | "internal" | "bridged", network: string) =>
      adapterOptions(2, { kind, network, mac: MAC }, "linux");
    expect(options("nat", "")).toEqual(["--nic2", "nat", ...common(2)]);
    expect(options("internal", "kube-lab-dev-mast")).toEqual([
      "--nic2",
      "intnet",
      ...common(2),
      "--intnet2",
      "kube-lab-dev-mast",
    ]);
    expect(options("bridged", "en0: Wi-Fi")).toEqual([
      "--nic2",
      "bridged",
      ...common(2),
      "--bridgeadapter2",
      "en0: Wi-Fi",
    ]);
  });

  it("uses host-only interfaces on Linux and Windows, host-only networks on macOS", () => {
    const options = (platform: NodeJS.Platform, network: string) =>
      adapterOptions(6, { kind: "hostonly", network, mac: MAC }, platform);
    const windows = "VirtualBox Host-Only Ethernet Adapter";
    expect(options("linux", "vboxnet0")).toEqual([
      "--nic6",
      "hostonly",
      ...common(6),
      "--hostonlyadapter6",
      "vboxnet0",
    ]);
    expect(options("win32", windows)).toEqual([
      "--nic6",
      "hostonly",
      ...common(6),
      "--hostonlyadapter6",
      windows,
    ]);
    expect(options("darwin", "kube-lab")).toEqual([
      "--nic6",
      "hostonlynet",
      ...common(6),
      "--host-only-net6",
      "kube-lab",
    ]);
  });
});
