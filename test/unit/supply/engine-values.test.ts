import { diffMaps } from "../../../supply/engine/plugins/protocol/diff";
import {
  containsUnknown,
  equal,
  fromWire,
  isUnknown,
  type PropertyMap,
  reveal,
  secret,
  unknown,
} from "../../../supply/engine/plugins/protocol/value";

const signature = "4dabf18193072939515e22adb298388d";
const output = "d0e6a833031e9bbcd3f4e8bde6ca49a4";

test("secrets are marked once and revealed at any depth", () => {
  expect(secret(secret("a"))).toEqual(secret("a"));
  expect(reveal({ list: [secret({ inner: secret("a") })] })).toEqual({ list: [{ inner: "a" }] });
  expect(secret(unknown)).toBe(unknown);
});

test("outputs become unknowns, secrets or plain values", () => {
  expect(isUnknown(fromWire({ [signature]: output }) as string)).toBe(true);
  expect(fromWire({ [signature]: output, value: "a" })).toBe("a");
  expect(fromWire({ [signature]: output, value: "a", secret: true })).toEqual(secret("a"));
});

test("nulls in objects are left out", () => {
  expect(fromWire({ a: null, b: { c: null, d: 1 } })).toEqual({ b: { d: 1 } });
});

test("unknowns are found inside secrets and lists", () => {
  expect(containsUnknown([{ a: secret([unknown]) }])).toBe(true);
  expect(containsUnknown({ a: secret("b") })).toBe(false);
});

test("a secret and the same plain value differ", () => {
  expect(equal(secret("a"), "a")).toBe(false);
  expect(equal(secret({ a: [1] }), secret({ a: [1] }))).toBe(true);
});

test("differences are reported as deep as both sides go, secrets as a whole", () => {
  const before: PropertyMap = {
    cpus: "2",
    list: ["a", "b"],
    map: { "a.b": "1", c: "2" },
    key: secret({ a: "1" }),
  };
  const after: PropertyMap = {
    list: ["a", "c", "d"],
    map: { "a.b": "2", c: "2" },
    key: secret({ a: "2" }),
    more: "",
  };
  expect([...diffMaps(before, after)].sort()).toEqual([
    ["cpus", "delete"],
    ["key", "update"],
    ["list[1]", "update"],
    ["list[2]", "add"],
    ['map["a.b"]', "update"],
    ["more", "add"],
  ]);
});
