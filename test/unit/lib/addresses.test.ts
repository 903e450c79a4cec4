import {
  addressAfter,
  addressAt,
  isAddress,
  isCidr,
  isHostOf,
  networkOf,
  overlap,
  rangeOf,
  sizeOf,
} from "../../../lib/addresses";

describe("subnets", () => {
  test.each([
    ["192.168.1.10", true],
    ["0.0.0.0", true],
    ["256.1.1.1", false],
    ["1.2.3", false],
    ["1.2.3.4/24", false],
    ["192.168.001.001", false],
    ["::1", false],
    ["", false],
    [" 1.2.3.4", false],
  ])("isAddress(%j) is %s", (text, expected) => expect(isAddress(text)).toBe(expected));

  test.each([
    ["192.168.1.0/24", true],
    ["0.0.0.0/0", true],
    ["192.168.1.1/32", true],
    ["192.168.1.1/24", false],
    ["192.168.1.0/33", false],
    ["192.168.1.0", false],
    ["192.168.1.0/", false],
    ["fd00::/64", false],
    ["a/24", false],
  ])("isCidr(%j) is %s", (text, expected) => expect(isCidr(text)).toBe(expected));

  test("networkOf takes host bits off", () => {
    expect(networkOf("10.1.2.3/20")).toBe("10.1.0.0/20");
    expect(networkOf("10.1.2.3")).toBeUndefined();
  });

  test("addressAt counts from either end", () => {
    expect(addressAt("10.1.0.0/16", 10)).toBe("10.1.0.10");
    expect(addressAt("10.1.0.0/16", 300)).toBe("10.1.1.44");
    expect(addressAt("10.1.0.0/16", -1)).toBe("10.1.255.254");
    expect(addressAfter("192.168.1.254", 3)).toBe("192.168.2.1");
    expect(sizeOf("10.0.0.0/8")).toBe(16777216);
  });

  test("isHostOf leaves out network and broadcast address", () => {
    expect(
      ["10.0.0.0", "10.0.0.1", "10.0.0.6", "10.0.0.7", "10.0.0.8"].map((a) => isHostOf(a, "10.0.0.0/29")),
    ).toEqual([false, true, true, false, false]);
  });

  test("overlap compares runs, an empty one with nothing", () => {
    const run = (from: string, to: string) => ({ from, to });
    expect(overlap(rangeOf("10.0.0.0/8"), rangeOf("10.9.0.0/16"))).toBe(true);
    expect(overlap(rangeOf("10.0.0.0/24"), rangeOf("10.0.1.0/24"))).toBe(false);
    expect(overlap(run("10.0.0.1", "10.0.0.5"), run("10.0.0.5", "10.0.0.9"))).toBe(true);
    expect(overlap(run("10.0.0.5", "10.0.0.1"), run("10.0.0.1", "10.0.0.9"))).toBe(false);
  });
});
