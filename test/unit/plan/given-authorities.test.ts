import { generateKeyPairSync, X509Certificate } from "node:crypto";
import { parseConfiguration } from "../../../plan/config/configuration";
import { givenAuthorities } from "../../../plan/given-authorities";
import { planLab } from "../../../plan/plan";
import { problemsOf, refusal } from "./problems-of";
import { type Pair, selfSigned } from "./self-signed";

const raw = (given: Partial<Pair>) => ({ certificates: { authorities: { "etcd-ca": given } } });
const key = "certificates.authorities.etcd-ca";

describe("an authority of the user's own", () => {
  let authority: Pair;
  beforeAll(async () => {
    authority = await selfSigned(true);
  });

  test("is taken", () => {
    const configuration = parseConfiguration(raw(authority));
    expect(givenAuthorities(configuration)).toEqual({
      "etcd-ca": {
        ...authority,
        expires: new Date(new X509Certificate(authority.certificate).validTo).toISOString(),
      },
    });
  });

  test("never gets its key into the plan", () => {
    expect(JSON.stringify(planLab(parseConfiguration(raw(authority)), "dev"))).not.toContain("PRIVATE KEY");
  });

  test("comes with both parts", () => {
    expect(problemsOf(raw({ certificate: authority.certificate }))).toMatchObject([
      { key: `${key}.certificate`, reason: expect.stringContaining("key is missing") },
    ]);
    expect(problemsOf(raw({ privateKey: authority.privateKey }))).toMatchObject([
      {
        key: `${key}.privateKey`,
        value: "(secret)",
        reason: expect.stringContaining("certificate is missing"),
      },
    ]);
  });

  test("is an authority", async () => {
    const leaf = await selfSigned(false);
    expect(problemsOf(raw(leaf))).toMatchObject([
      {
        key: `${key}.certificate`,
        reason: "it is not an authority's",
        allowed: "a certificate with CA:TRUE",
      },
    ]);
  });

  test("has its own key", async () => {
    const { privateKey } = await selfSigned(true);
    expect(problemsOf(raw({ ...authority, privateKey }))).toMatchObject([
      { key: `${key}.privateKey`, reason: "it is another certificate's" },
    ]);
  });

  test("can be read", () => {
    const certificate = "-----BEGIN CERTIFICATE-----\nabc\n-----END CERTIFICATE-----\n";
    expect(problemsOf(raw({ ...authority, certificate }))).toMatchObject([
      { key: `${key}.certificate`, reason: "it cannot be read" },
    ]);
  });

  test.each([
    ["in a wrong key", { certificates: { authorities: { "etcd-ca": { privatKey: "KEY" } } } }],
    ["in a group's place", { certificates: { authorities: "KEY" } }],
    ["in a number's place", { masters: { count: "KEY" } }],
    ["as a certificate", { certificates: { authorities: { "etcd-ca": { certificate: "KEY" } } } }],
  ])("has a key that no error repeats: %s", (_, given) => {
    const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const pem = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
    const error = refusal(JSON.parse(JSON.stringify(given).replace('"KEY"', JSON.stringify(pem))));
    expect(error?.message).toContain("(secret)");
    expect(JSON.stringify(error?.problems) + error?.message).not.toContain(pem.split("\n")[1]);
  });
});
