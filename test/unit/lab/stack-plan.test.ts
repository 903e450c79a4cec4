import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { planOfStack, usablePlanOfStack } from "../../../lab/stack/stack-plan";
import { scratch } from "../hypervisor/fixtures";

const { folder, remove } = scratch();
afterAll(remove);

const configFile = join(folder, "Pulumi.dev.yaml");
const living = { HYPERVISOR: "embedded", USER: "maria", NAMES_WORKER: "farm", DOMAIN: "here.local" };

const wrongs = {
  "a count out of range": ["config:\n  kube-lab:workers: {count: 500}\n", /wrong in kube-lab:workers\.count/],
  "a group of another shape, and a key that is unknown": [
    "config:\n  kube-lab:masters: five\n  kube-lab:nonsense: 3\n",
    /wrong in kube-lab:masters, kube-lab:nonsense/,
  ],
  "what only a new lab can take": ["config:\n  kube-lab:user: alice\n", /kube-lab:user/],
  "no YAML": [
    "config:\n  kube-lab:masters: {count: [\n",
    /Pulumi\.dev\.yaml is no YAML: [^\n]+; npm run preview says what to do$/,
  ],
} as const;

it.each(Object.entries(wrongs))(
  "is the living lab's plan with %s, and says what is wrong",
  (_, [text, words]) => {
    writeFileSync(configFile, text);
    expect(() => planOfStack("dev", configFile, "virtualbox", living)).toThrow();
    const { plan, warning } = usablePlanOfStack("dev", configFile, "virtualbox", living);
    expect(warning).toMatch(words);
    expect(plan).toMatchObject({ hypervisor: "embedded", user: "maria", domain: "here.local" });
    expect(plan.machines.map(({ name }) => name)).toContain("farm01");
  },
);

it("says nothing of a configuration that is right", () => {
  writeFileSync(configFile, "config:\n  kube-lab:workers: {count: 4}\n");
  const { plan, warning } = usablePlanOfStack("dev", configFile, "embedded");
  expect(warning).toBeUndefined();
  expect(plan).toEqual(planOfStack("dev", configFile, "embedded"));
});
