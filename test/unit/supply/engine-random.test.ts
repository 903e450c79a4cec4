import { compare } from "bcryptjs";
import { isSecret, type PropertyMap, reveal } from "../../../supply/engine/plugins/protocol/value";
import { random } from "../../../supply/engine/plugins/random/provider";
import { recordingContext } from "./engine-call-context";

async function create(name: string, inputs: PropertyMap) {
  const resource = random.resources.get(`random:index/random${name}:Random${name}`);
  if (resource === undefined) throw new Error(name);
  const { inputs: checked, failures } = resource.check(inputs);
  const made =
    failures.length > 0 ? undefined : await resource.create(checked, false, recordingContext().context);
  return { failures, id: made?.id, outputs: made?.outputs ?? {} };
}

test("a password is made of what is allowed, is secret, and has its hash", async () => {
  const { outputs, id } = await create("Password", {
    length: 40,
    special: false,
    upper: false,
    minNumeric: 10,
  });
  const result = String(reveal(outputs.result ?? ""));
  expect(result).toMatch(/^[a-z0-9]{40}$/);
  expect(result.replace(/\D/g, "").length).toBeGreaterThanOrEqual(10);
  expect(isSecret(outputs.result) && isSecret(outputs.bcryptHash)).toBe(true);
  const hash = String(reveal(outputs.bcryptHash ?? ""));
  expect(hash).toMatch(/^\$2a\$10\$/);
  expect(await compare(result, hash)).toBe(true);
  expect(id).toBe("none");
  expect(outputs).toMatchObject({
    __meta: '{"schema_version":"3"}',
    number: true,
    numeric: true,
    minLower: 0,
    special: false,
  });
});

test("a text may have special characters of one's own, and is no secret", async () => {
  const { outputs, id } = await create("String", { length: 12, overrideSpecial: "-", minSpecial: 12 });
  expect(outputs.result).toBe("------------");
  expect(id).toBe("------------");
  expect(outputs.__meta).toBe('{"schema_version":"2"}');
});

test("bytes and ids come in their forms", async () => {
  const bytes = (await create("Bytes", { length: 128 })).outputs;
  const raw = Buffer.from(String(reveal(bytes.base64 ?? "")), "base64");
  expect(raw).toHaveLength(128);
  expect(reveal(bytes.hex ?? "")).toBe(raw.toString("hex"));
  expect(isSecret(bytes.hex) && isSecret(bytes.base64)).toBe(true);
  const { outputs, id } = await create("Id", { byteLength: 5, prefix: "lab-" });
  const value = Buffer.from(String(id), "base64url");
  expect(outputs).toMatchObject({
    hex: `lab-${value.toString("hex")}`,
    b64Url: `lab-${id}`,
    byteLength: 5,
    id,
  });
  expect(outputs.dec).toBe(`lab-${BigInt(`0x${value.toString("hex")}`)}`);
});

test("impossible wishes are refused", async () => {
  const properties = async (name: string, inputs: PropertyMap) =>
    (await create(name, inputs)).failures.map(({ property }) => property);
  expect(await properties("Password", { length: 0 })).toEqual(["length"]);
  expect(await properties("Password", { length: 4, minUpper: 3, minLower: 3 })).toEqual(["length"]);
  expect(
    await properties("String", { length: 4, upper: false, lower: false, numeric: false, special: false }),
  ).toEqual(["numeric"]);
  expect(await properties("String", { length: "4" })).toEqual(["length"]);
});
