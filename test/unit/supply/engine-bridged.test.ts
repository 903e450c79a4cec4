import {
  isUnknown,
  type PropertyMap,
  reveal,
  secret,
  unknown,
} from "../../../supply/engine/plugins/protocol/value";
import { random } from "../../../supply/engine/plugins/random/provider";
import { tls } from "../../../supply/engine/plugins/tls/provider";
import { recordingContext } from "./engine-call-context";

const tokens = new Map([...tls.resources, ...random.resources]);

function resource(token: string) {
  const found = tokens.get(token);
  if (found === undefined) throw new Error(token);
  return found;
}

async function create(token: string, inputs: PropertyMap, preview = false) {
  const checked = resource(token).check(inputs).inputs;
  const { outputs } = await resource(token).create(checked, preview, recordingContext().context);
  return { checked, outputs };
}

const key = "tls:index/privateKey:PrivateKey";
const selfSigned = "tls:index/selfSignedCert:SelfSignedCert";
const password = "random:index/randomPassword:RandomPassword";

async function certificate(more: PropertyMap = {}) {
  const { outputs } = await create(key, { algorithm: "ECDSA", ecdsaCurve: "P256" });
  const inputs = {
    privateKeyPem: reveal(outputs.privateKeyPem ?? ""),
    subject: { commonName: "x" },
    dnsNames: ["a", "b"],
    validityPeriodHours: 100,
    allowedUses: ["server_auth"],
    ...more,
  };
  const made = await create(selfSigned, inputs);
  return { inputs, ...made };
}

function diff(token: string, oldOutputs: PropertyMap, oldInputs: PropertyMap, inputs: PropertyMap) {
  const { changes, replaces, changed } = resource(token).diff({ oldOutputs, oldInputs, inputs });
  return { changes: Object.fromEntries(changes), replaces, changed };
}

test("an unchanged resource has no diff, whether its secrets come marked or plain", async () => {
  const { inputs, checked, outputs } = await certificate();
  const none = { changes: {}, replaces: [], changed: false };
  expect(diff(selfSigned, outputs, checked, checked)).toEqual(none);
  expect(diff(selfSigned, reveal(outputs) as PropertyMap, inputs, inputs)).toEqual(none);
});

test("names, keys and usages replace; the time of renewal updates in place", async () => {
  const { checked, outputs } = await certificate();
  expect(diff(selfSigned, outputs, checked, { ...checked, dnsNames: ["a", "c"] })).toEqual({
    changes: { "dnsNames[1]": { change: "update", replace: true } },
    replaces: ["dnsNames"],
    changed: true,
  });
  expect(diff(selfSigned, outputs, checked, { ...checked, subject: { commonName: "y" } }).replaces).toEqual([
    "subject",
  ]);
  expect(diff(selfSigned, outputs, checked, { ...checked, privateKeyPem: secret(unknown) }).replaces).toEqual(
    ["privateKeyPem"],
  );
  const later = { ...checked, earlyRenewalHours: 10 };
  expect(diff(selfSigned, outputs, checked, later)).toEqual({
    changes: { earlyRenewalHours: { change: "update", replace: false } },
    replaces: [],
    changed: true,
  });
  const updated = await resource(selfSigned).update(
    { oldInputs: checked, oldOutputs: outputs, inputs: later, preview: false },
    recordingContext().context,
  );
  expect(updated).toEqual({ ...outputs, earlyRenewalHours: 10 });
});

test("a certificate in its renewal period is planned to be replaced, and a refresh says so", async () => {
  jest.useFakeTimers({
    now: Date.now(),
    doNotFake: ["setImmediate", "nextTick", "queueMicrotask", "setTimeout"],
  });
  try {
    const { checked, outputs } = await certificate({ earlyRenewalHours: 40 });
    expect(outputs.readyForRenewal).toBe(false);
    expect(resource(selfSigned).read(outputs)).toEqual(outputs);
    jest.setSystemTime(Date.now() + 61 * 3600_000);
    expect(diff(selfSigned, outputs, checked, checked)).toEqual({
      changes: { readyForRenewal: { change: "update", replace: true } },
      replaces: ["readyForRenewal"],
      changed: true,
    });
    expect(resource(selfSigned).read(outputs)).toEqual({ ...outputs, readyForRenewal: true });
    expect(diff(selfSigned, { ...outputs, readyForRenewal: true }, checked, checked).replaces).toEqual([
      "readyForRenewal",
    ]);
  } finally {
    jest.useRealTimers();
  }
});

test("a certificate that never is outside its renewal period is ready at once", async () => {
  const { outputs } = await certificate({ earlyRenewalHours: 100 });
  expect(outputs.readyForRenewal).toBe(true);
});

test("a preview knows inputs and defaults, and nothing else", async () => {
  const { outputs } = await create(
    selfSigned,
    { privateKeyPem: unknown, validityPeriodHours: 5, allowedUses: [] },
    true,
  );
  expect(outputs).toMatchObject({ earlyRenewalHours: 0, isCaCertificate: false, readyForRenewal: false });
  expect([outputs.certPem, outputs.id, outputs.privateKeyPem].every(isUnknown)).toBe(true);
});

test("the state of the real plugins has no diff here", () => {
  const real = {
    __meta: '{"schema_version":"3","private_state":"bnVsbA=="}',
    __pulumi_raw_state_delta: { obj: {} },
    bcryptHash: secret("$2a$10$x"),
    id: "none",
    length: 24,
    lower: true,
    minLower: 0,
    minNumeric: 0,
    minSpecial: 0,
    minUpper: 0,
    number: true,
    numeric: true,
    result: secret("x".repeat(24)),
    special: false,
    upper: true,
  };
  expect(diff(password, real, {}, { length: 24, special: false }).changed).toBe(false);
  expect(diff(password, real, {}, { length: 24, special: false, numeric: false })).toMatchObject({
    replaces: ["number", "numeric"],
  });
  expect(diff(password, real, {}, { length: 24, special: false, keepers: {} }).replaces).toEqual([]);
  expect(diff(password, real, {}, { length: 24, special: false, keepers: { a: "b" } }).replaces).toEqual([
    "keepers",
  ]);
});
