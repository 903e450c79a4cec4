import { netmask, networkOfMask } from "../../../lib/addresses";

test.each([
  [24, "255.255.255.0"],
  [21, "255.255.248.0"],
  [30, "255.255.255.252"],
  [0, "0.0.0.0"],
  [8, "255.0.0.0"],
])("/%d is %s", (prefixLength, mask) => {
  expect(netmask(prefixLength)).toBe(mask);
  expect(networkOfMask("10.0.0.0", mask)).toMatch(`/${prefixLength}`);
});

test.each([
  ["", "255.255.255.0"],
  ["10.0.0.1", ""],
  ["10.0.0.1", "255.0.255.0"],
])("there is no subnet of %j and %j", (address, mask) =>
  expect(networkOfMask(address, mask)).toBeUndefined(),
);
