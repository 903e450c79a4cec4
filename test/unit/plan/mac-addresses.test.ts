import { adapterKey, macAddresses } from "../../../plan/mac-addresses";

/** Two of these names that draw the same 24 bits: with 20,000 there are some dozen such pairs. */
function collision(stack: string): [string, string] {
  const seen = new Map<string, string>();
  for (let i = 0; ; i++) {
    const machine = `m${i}`;
    const mac = macAddresses(stack, [{ machine, adapter: "a" }]).get(`${machine}/a`) ?? "";
    const other = seen.get(mac);
    if (other !== undefined) return [other, machine];
    seen.set(mac, machine);
  }
}

describe("macAddresses", () => {
  const adapter = (machine: string) => ({ machine, adapter: "a" });

  test("depend on stack, machine and adapter, and on nothing else", () => {
    const macs = (stack: string, machine: string, name: string) =>
      [...macAddresses(stack, [{ machine, adapter: name }]).values()][0];
    expect(macs("dev", "kube-mast01", "mast")).toBe(macs("dev", "kube-mast01", "mast"));
    const different = [
      macs("dev", "m", "a"),
      macs("other", "m", "a"),
      macs("dev", "n", "a"),
      macs("dev", "m", "b"),
    ];
    expect(new Set(different).size).toBe(4);
  });

  test("are VirtualBox's and unicast", () => {
    expect([...macAddresses("dev", [adapter("m")]).values()][0]).toMatch(/^08:00:27(:[0-9a-f]{2}){3}$/);
  });

  test("that collide are told apart: the earlier one keeps its own, the later one is drawn again", () => {
    const [first, second] = collision("dev");
    const alone = macAddresses("dev", [adapter(first)]).get(adapterKey(adapter(first)));
    const together = macAddresses("dev", [adapter(first), adapter(second)]);
    expect(together.get(adapterKey(adapter(first)))).toBe(alone);
    expect(together.get(adapterKey(adapter(second)))).not.toBe(alone);
    expect(macAddresses("dev", [adapter(first), adapter(second)])).toEqual(together);
  });
});
