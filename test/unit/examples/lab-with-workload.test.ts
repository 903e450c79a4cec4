import { join } from "node:path";
import type { Observation } from "../../../hypervisor/reality/observation";
import type { LabPlan } from "../../../plan/lab-plan";
import { baseDisk, nothingThere, resourceOutputs } from "../components/lab-in-test";
import { type Registered, registered } from "../components/registered";

jest.mock("../../../components/base-disk", () => ({
  ...jest.requireActual<object>("../../../components/base-disk"),
  baseDiskFor: () => baseDisk,
}));
jest.mock("../../../hypervisor/reality/living-lab", () => ({
  findLab: () => Promise.resolve({ living: {}, incarnation: "2026-11-20T10:00:00Z missing" }),
}));
jest.mock("../../../hypervisor/reality/reality", () => ({
  ...jest.requireActual<object>("../../../hypervisor/reality/reality"),
  observe: (plan: LabPlan): Promise<Map<string, Observation>> => Promise.resolve(nothingThere(plan)),
}));

const folder = join(__dirname, "../../../examples/lab-with-workload");

/** What one of the example's programs registers, run in its own folder as the engine does. */
async function registeredBy(file: string): Promise<Registered[]> {
  process.chdir(folder);
  const program = () => (require(join(folder, file)) as () => Promise<unknown>)();
  const { resources } = await registered(program, resourceOutputs, "example", "lab-with-workload");
  return resources;
}

const start = process.cwd();
afterEach(() => process.chdir(start));

/** By name; @throws where it is not there. */
function among(resources: Registered[], name: string): Registered {
  const found = resources.find((resource) => resource.name === name);
  if (found === undefined) throw new Error(`no ${name}`);
  return found;
}

test("its lab has what the program asks for, and finds the library's programs from its own folder", async () => {
  const resources = await registeredBy("index");
  const workers = resources.filter(({ parent }) => parent === "lab-workers");
  expect(workers.map(({ name }) => name)).toEqual(["lab-workers-kube-node01", "lab-workers-kube-node02"]);
  expect(among(resources, "lab-network-host").inputs).toMatchObject({
    interpreter: ["node", "../../.kube-lab/programs/hypervisor.js"],
    environment: { MADE_WITH_PROGRAM: "lab-with-workload" },
  });
});

test("by kubectl: the objects are legible, the kubeconfig is a secret on standard input", async () => {
  const resources = await registeredBy("index");
  const { inputs, deletedWith } = among(resources, "page-deployment");
  expect(inputs).toMatchObject({
    ...{ create: "apply", update: "apply", delete: "delete" },
    triggers: ["apps/v1", "Deployment", "default", "page"],
    stdin: { secret: expect.stringContaining("kind: Config") },
  });
  expect(JSON.stringify({ ...inputs, stdin: "" })).not.toContain("PRIVATE");
  expect(deletedWith).toBe("lab");
});

test("by the provider: the same objects in the lab's cluster", async () => {
  const resources = await registeredBy("with-provider");
  const cluster = among(resources, "cluster");
  expect(cluster.type).toBe("pulumi:providers:kubernetes");
  expect(cluster.inputs.kubeconfig).toEqual({ secret: expect.stringContaining("kind: Config") });
  const objects = ["page-deployment", "page-service"].map((name) => among(resources, name));
  expect(objects.map(({ type, provider, deletedWith }) => [type, provider, deletedWith])).toEqual([
    ["kubernetes:apps/v1:Deployment", "cluster", "lab"],
    ["kubernetes:core/v1:Service", "cluster", "lab"],
  ]);
  expect(objects[0]?.inputs).toMatchObject({ metadata: { name: "page" }, spec: { replicas: 2 } });
});
