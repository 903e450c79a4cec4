import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { planOfStack } from "../../../lab/stack/stack-plan";
import { scratch } from "../hypervisor/fixtures";

const { folder, remove } = scratch();
const own = process.env.PULUMI_CONFIG_PASSPHRASE;
afterAll(() => {
  remove();
  if (own === undefined) delete process.env.PULUMI_CONFIG_PASSPHRASE;
  else process.env.PULUMI_CONFIG_PASSPHRASE = own;
});

/** Of the real engine, 3.250.0: `pulumi`, by the passphrase `correct horse`. */
const secure = "v1:KlctC+9uNlA3xpsx:XcPAVsCUz0NWCmM2RY8JDgovT/4nlA==";
const encryptionsalt = `v1:Eec+Nflx7ys=:${secure}`;

function planWith(config: Record<string, unknown>) {
  const file = join(folder, "Pulumi.dev.yaml");
  writeFileSync(file, JSON.stringify({ encryptionsalt, config }));
  return planOfStack("dev", file, "embedded", {});
}

test("what is set with --secret is read as the engine reads it", () => {
  process.env.PULUMI_CONFIG_PASSPHRASE = "correct horse";
  const plan = planWith({
    "kube-lab:domain": { secure },
    "kube-lab:registries": { "r.example": { username: "alice", password: { secure } } },
  });
  expect(plan.domain).toBe("pulumi");
  expect(plan.registries).toEqual([{ host: "r.example", mirrors: [], insecure: false }]);
});

test("without the passphrase a password stands for itself, and another key is refused by what to do", () => {
  process.env.PULUMI_CONFIG_PASSPHRASE = "another";
  expect(() =>
    planWith({ "kube-lab:registries": { "r.example": { username: "alice", password: { secure } } } }),
  ).not.toThrow();
  expect(() => planWith({ "kube-lab:domain": { secure } })).toThrow(
    /kube-lab:domain = "\(secret\)": it is encrypted[\s\S]*PULUMI_CONFIG_PASSPHRASE/,
  );
});
