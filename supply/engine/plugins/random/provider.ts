import { randomBytes } from "node:crypto";
import { always, atLeast } from "../bridged/attribute";
import { BridgedResource } from "../bridged/resource";
import type { Provider } from "../protocol/provider";
import { keepers } from "./keepers";
import { planNumeric, randomText, textProblems, textSchema } from "./text";

const computed = { type: "string", mode: "computed" } as const;

/** `random:index/randomPassword:RandomPassword`. */
const password = new BridgedResource({
  schema: {
    ...textSchema,
    result: { ...computed, secret: true },
    bcryptHash: { ...computed, secret: true },
  },
  schemaVersion: 3,
  modifyPlan: planNumeric,
  problems: textProblems,
  async create(planned) {
    const result = randomText(planned);
    const { hash } = await import("bcryptjs");
    // bcrypt reads 72 bytes at most; 10 rounds are the default of Go's library.
    const bcryptHash = await hash(Buffer.from(result).subarray(0, 72).toString("utf8"), 10);
    return {
      id: "none",
      computed: { id: "none", result, bcryptHash: bcryptHash.replace(/^\$2b\$/, "$2a$") },
    };
  },
});

/** `random:index/randomString:RandomString`. */
const string = new BridgedResource({
  schema: { ...textSchema, result: computed },
  schemaVersion: 2,
  modifyPlan: planNumeric,
  problems: textProblems,
  async create(planned) {
    const result = randomText(planned);
    return { id: result, computed: { id: result, result } };
  },
});

/** `random:index/randomBytes:RandomBytes`. */
const bytes = new BridgedResource({
  schema: {
    keepers: { ...keepers, replace: always },
    length: { type: "integer", mode: "required", replace: always, problem: atLeast(1) },
    base64: { ...computed, secret: true },
    hex: { ...computed, secret: true },
  },
  schemaVersion: 0,
  async create({ length }) {
    const value = randomBytes(Number(length));
    const base64 = value.toString("base64");
    return { id: base64, computed: { base64, hex: value.toString("hex") } };
  },
});

/** `random:index/randomId:RandomId`. */
const id = new BridgedResource({
  schema: {
    keepers,
    byteLength: { type: "integer", mode: "required", replace: always },
    prefix: { type: "string", mode: "optional", replace: always },
    b64Url: computed,
    b64Std: computed,
    hex: computed,
    dec: computed,
    id: computed,
  },
  schemaVersion: 0,
  async create({ byteLength, prefix }) {
    const value = randomBytes(Number(byteLength));
    const start = prefix === undefined ? "" : String(prefix);
    const url = value.toString("base64url");
    return {
      id: url,
      computed: {
        id: url,
        b64Url: start + url,
        b64Std: start + value.toString("base64"),
        hex: start + value.toString("hex"),
        dec: start + BigInt(`0x0${value.toString("hex")}`).toString(),
      },
    };
  },
});

/** The stand-in for the plugin `random`. */
export const random: Provider = {
  name: "random",
  version: "4.21.2",
  acceptsSecrets: false,
  configuration: {},
  resources: new Map([
    ["random:index/randomPassword:RandomPassword", password],
    ["random:index/randomString:RandomString", string],
    ["random:index/randomBytes:RandomBytes", bytes],
    ["random:index/randomId:RandomId", id],
  ]),
};
