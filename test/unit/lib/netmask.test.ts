import { netmask } from "../../../lib/addresses";

test.each([
  [24, "255.255.255.0"],
  [21, "255.255.248.0"],
  [30, "255.255.255.252"],
  [0, "0.0.0.0"],
  [8, "255.0.0.0"],
])("/%d is %s", (prefixLength, mask) => expect(netmask(prefixLength)).toBe(mask));
