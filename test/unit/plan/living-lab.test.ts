import { entryName, keptSettings, type LivingLab, madeWith } from "../../../plan/config/changes";
import { parseConfiguration, usableConfiguration } from "../../../plan/config/configuration";
import { allSettings } from "../../../plan/config/schema-paths";
import { applyFix } from "./apply-fix";
import { type ChangedKey, changesOf, withChange } from "./changes";
import { problemsOf } from "./problems-of";
import { type Pair, selfSigned } from "./self-signed";

const reference = madeWith(parseConfiguration({}));
const problems = (raw: Record<string, unknown>, living: LivingLab = reference) =>
  problemsOf(raw, undefined, "dev", living);
const keysOf = (raw: Record<string, unknown>, living?: LivingLab) =>
  problems(raw, living).map(({ key }) => key);

let own: Pair;
let changes: Record<string, ChangedKey>;
beforeAll(async () => {
  own = await selfSigned(true);
  changes = changesOf(own);
});

const everyKey = [...allSettings()].map(([key, { change }]): [string, string] => [key, change.means]);

describe("a change of one key of a living lab", () => {
  test("is known for every key of the schema", () => {
    expect(Object.keys(changes)).toEqual(everyKey.map(([key]) => key));
  });

  test.each(everyKey)("%s: %s", (key, means) => {
    const raw = withChange(key, changes[key] ?? { value: undefined });
    expect(problemsOf(raw)).toEqual([]);
    const found = problems(raw);
    if (means !== "for a new lab only") {
      expect(found).toEqual([]);
      return;
    }
    // An authority is one thing: its key cannot be another's.
    const blamed = key.replace(/privateKey$/, "certificate");
    expect(found.map((problem) => problem.key)).toEqual([blamed]);
    expect(found[0]).toMatchObject({
      reason: expect.stringContaining(`was made with ${reference[entryName(blamed)]}: `),
      allowed: expect.stringContaining("as long as this lab lives"),
      fix: expect.stringMatching(/^pulumi config rm .*, or a new lab: another stack .*npm run down/),
    });
    expect(found[0]?.reason).not.toContain("undefined");
    expect(problems(applyFix(raw, found[0]?.fix ?? ""))).toEqual([]);
  });
});

test("every key says what its change means, and why where a living lab cannot take it", () => {
  for (const [key, { change }] of allSettings()) {
    expect([key, change.means]).toEqual([
      key,
      expect.stringMatching(/^(in place|one machine after another|for a new lab only)$/),
    ]);
    expect([key, change.because !== undefined]).toEqual([key, change.means === "for a new lab only"]);
  }
});

describe("what a lab was made with", () => {
  test("has a name of its own for each key, fit for an environment, and no secret", () => {
    const names = keptSettings().map(([key]) => entryName(key));
    expect(new Set(names).size).toBe(names.length);
    expect(names.filter((name) => !/^[A-Z][A-Z_]*$/.test(name))).toEqual([]);
    expect(Object.keys(reference)).toEqual(names);
    const given = parseConfiguration({ certificates: { authorities: { "etcd-ca": own } } });
    expect(JSON.stringify(madeWith(given))).not.toMatch(/PRIVATE|BEGIN/);
    expect(madeWith(given).CERTIFICATES_AUTHORITIES_ETCD_CA_CERTIFICATE).toMatch(/^SHA256:[0-9A-F:]{95}$/);
  });

  test("has what follows from other keys as it came out", () => {
    const living = madeWith(parseConfiguration({ networks: { mast: { cidr: "10.1.0.0/24" } } }));
    expect(living).toMatchObject({
      NETWORKS_MAST_GATEWAY: "10.1.0.254",
      NETWORKS_MAST_FIRST_ADDRESS: "10.1.0.10",
      HYPERVISOR: "virtualbox",
      CERTIFICATES_AUTHORITIES_ETCD_CA_CERTIFICATE: "made here",
    });
  });
});

describe("the refusal", () => {
  test("names all keys at once, beside every other problem", () => {
    const raw = {
      user: "alice",
      workers: { count: 500 },
      kubernetes: { serviceSubnet: "10.112.0.0/16", clusterDomain: "other.local" },
      names: { worker: "hand" },
      colour: "red",
    };
    expect(keysOf(raw).toSorted()).toEqual(
      [
        "colour",
        "kubernetes.clusterDomain",
        "kubernetes.serviceSubnet",
        "names.worker",
        "user",
        "workers.count",
      ].toSorted(),
    );
  });

  test("blames what was set, not what follows from it", () => {
    expect(keysOf({ networks: { dmz: { cidr: "10.1.0.0/24" } } })).toEqual(["networks.dmz.cidr"]);
  });

  test("blames a value that was taken out or whose default has changed, and says how it was", () => {
    const living = madeWith(parseConfiguration({ networks: { mast: { gateway: "192.168.1.1" } } }));
    expect(problems({}, living)).toMatchObject([
      {
        key: "networks.mast.gateway",
        value: "192.168.1.254",
        fix: expect.stringMatching(/^pulumi config set --path networks.mast.gateway 192.168.1.1, or/),
      },
    ]);
    expect(problems({}, { ...reference, USER: "kube" })).toMatchObject([
      { key: "user", fix: expect.stringMatching(/^pulumi config set user kube, or/) },
    ]);
  });

  test("does not come for a value that is wrong itself", () => {
    const raw = { networks: { mast: { cidr: "10.1.0.0" } }, hypervisor: "vmware" };
    const living = madeWith(
      parseConfiguration({ networks: { mast: { cidr: "10.1.0.0/24" } } }, undefined, "dev", "embedded"),
    );
    expect(keysOf(raw, living)).toEqual(["hypervisor", "networks.mast.cidr"]);
  });

  test("takes no key that was not kept when the lab was made", () => {
    const { USER: _, ...without } = reference;
    expect(keysOf({ user: "alice" }, without)).toEqual([]);
  });

  test("of an authority that is given no more says which one it was", () => {
    const living = madeWith(parseConfiguration({ certificates: { authorities: { "etcd-ca": own } } }));
    expect(problems({}, living)).toMatchObject([
      {
        key: "certificates.authorities.etcd-ca.certificate",
        value: "made here",
        reason: expect.stringMatching(/was made with SHA256:/),
        fix: expect.stringMatching(/^give certificates.authorities.etcd-ca its certificate SHA256:/),
      },
    ]);
  });
});

test("a login that a living lab has is taken, whatever a system may have", () => {
  expect(keysOf({ user: "admin" }, {})).toEqual(["user"]);
  expect(keysOf({ user: "admin" }, { ...reference, USER: "admin" })).toEqual([]);
  expect(keysOf({ user: "admin" }, { HYPERVISOR: "virtualbox" })).toEqual([]);
});

test("auto is the living lab's hypervisor, whatever the computer could run", () => {
  for (const lives of ["virtualbox", "embedded"] as const) {
    const living = madeWith(parseConfiguration({}, undefined, "dev", lives));
    for (const fitting of ["virtualbox", "embedded"] as const)
      expect(parseConfiguration({}, undefined, "dev", fitting, living).hypervisor).toBe(lives);
  }
});

describe("usableConfiguration", () => {
  const living = madeWith(
    parseConfiguration(
      { user: "kube", networks: { mast: { cidr: "10.1.0.0/24" } } },
      undefined,
      "dev",
      "embedded",
    ),
  );

  test("has the living lab's values in place of changed and wrong ones, and defaults for the rest", () => {
    const raw = {
      user: "Root!",
      workers: { count: 500 },
      networks: { mast: { cidr: "10.2.0.0/24" }, glus: 3 },
    };
    const { configuration, problems: found } = usableConfiguration(raw, "dev", "virtualbox", living);
    expect(configuration).toMatchObject({
      hypervisor: "embedded",
      user: "kube",
      workers: { count: 3 },
      networks: { mast: { cidr: "10.1.0.0/24", gateway: "10.1.0.254" } },
    });
    expect(found.map(({ key }) => key).toSorted()).toEqual([
      "networks.glus",
      "networks.mast.cidr",
      "user",
      "workers.count",
    ]);
  });

  test("is the configuration itself where nothing is wrong", () => {
    const raw = { user: "kube", networks: { mast: { cidr: "10.1.0.0/24" } }, workers: { count: 5 } };
    expect(usableConfiguration(raw, "dev", "virtualbox", living)).toEqual({
      configuration: parseConfiguration(raw, undefined, "dev", "virtualbox", living),
      problems: [],
    });
  });
});
