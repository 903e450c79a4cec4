import { exampleLab, firstOf } from "./example-lab";
import { type WrittenMachine, writeMachine } from "./written-machine";

/** The machine's own functions, with an adapter that has `addresses` and answers of networkd that are written down. */
const withAdapter = (addresses: string) => `
  . "$LIBRARY/network.sh"
  adapter_name() { echo enp0s9; }
  ip() { case "$*" in *route*) echo "default via 192.168.2.254 dev enp0s9" ;; *) cat "$KUBE_LAB_ROOT/addresses" ;; esac; }
  networkctl() {
    case "$*" in
      *status*) echo '{"AdministrativeState": "configured"}' ;;
      # What networkd does then: the address of the file that was written.
      *) echo "$*" >>"$KUBE_LAB_ROOT/calls"; sed -n 's/^Address=\\(.*\\)/    inet \\1 brd/p' "$KUBE_LAB_ROOT"/etc/systemd/network/*.network >"$KUBE_LAB_ROOT/addresses" ;;
    esac
  }
  printf '%s\\n' "    inet ${addresses} brd" >"$KUBE_LAB_ROOT/addresses"; : >"$KUBE_LAB_ROOT/calls"
`;

describe("a machine's own addresses", () => {
  const gateway = firstOf(exampleLab({ hostAccess: { mode: "hostonly" } }), "gateway");
  const mac = gateway.adapters[5]?.mac ?? "";
  let machine: WrittenMachine;
  const file = `/etc/systemd/network/05-kube-lab-${mac.replaceAll(":", "")}.network`;
  const has = () => machine.read("/etc/kube-lab/environment");
  beforeEach(() => {
    machine = writeMachine(exampleLab({ hostAccess: { mode: "hostonly" } }), gateway);
  });
  afterEach(() => machine.remove());

  test("are in its environment, so that an update brings them", () => {
    expect(has()).toContain(`${mac}=192.168.56.254/24'`);
    expect(has()).toContain("=10.0.2.15/24,10.0.2.2 ");
  });

  test("an adapter that came after the first boot gets its address", () => {
    machine.render(`${withAdapter("169.254.1.1/16")} network_adapter ${mac} 192.168.56.254/24`);
    expect(machine.read("/calls")).toBe("reload\n");
    expect(machine.read(file)).toContain(`MACAddress=${mac}\n`);
    expect(machine.read(file)).toContain("Address=192.168.56.254/24\n");
  });

  test("an adapter that is as it should be is not touched", () => {
    machine.render(
      `${withAdapter("192.168.2.10/24")} network_adapter ${mac} 192.168.2.10/24,192.168.2.254; network_adapter ${mac} 192.168.2.10/24`,
    );
    expect(machine.read("/calls")).toBe("");
    expect(() => machine.read(file)).toThrow("ENOENT");
  });

  test("an address that was taken away by hand comes back", () => {
    const adapter = `network_adapter ${mac} 192.168.56.254/24`;
    machine.render(`${withAdapter("169.254.1.1/16")} ${adapter}`);
    machine.render(`${withAdapter("169.254.1.1/16")} ${adapter}`);
    expect(machine.read("/calls")).toBe("reconfigure enp0s9\n");
  });

  test("on a LAN with DHCP it asks once, and waits for nobody", () => {
    machine.render(
      `${withAdapter("169.254.1.1/16")} network_adapter ${mac} dhcp; network_adapter ${mac} dhcp`,
    );
    expect(machine.read("/calls")).toBe("reload\n");
    expect(machine.read(file)).toContain("UseRoutes=no\nUseGateway=no\nUseDNS=no");
  });
});
