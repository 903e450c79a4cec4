import { LabProject, type Step, template } from "./lab-plan/lab-project";
import { SshMachines } from "./lab-plan/ssh-machines";

/** examples/lab-with-workload through the real CLI, from its own folder, on machines that only seem to be. */
jest.setTimeout(300_000);

let project: LabProject;
let machines: SshMachines;
/** All that the CLI has ever printed. */
let printed = "";

beforeAll(async () => {
  project = await LabProject.create("examples/lab-with-workload");
  machines = await SshMachines.listen(project.records);
  project.configure({
    hostAccess: { sshPort: machines.port },
    ...{ masters: { count: 1 }, gluster: { count: 0 } },
  });
  project.useTemplate(template, 30, undefined, false);
  await project.run("stack", "init");
});

afterAll(async () => {
  await machines?.close();
  project?.remove();
});

async function up(): Promise<void> {
  printed += await project.run("up", "--yes", "--skip-preview");
}

/** Without the components, which only hold others together. */
const commands = (steps: Step[]) => steps.filter(({ name }) => /^page-|-(hardware|apply|host)$/.test(name));

test("a preview from its folder shows the lab and its workload, and makes nothing", async () => {
  const steps = await project.preview();
  expect(new Set(steps.map(({ op }) => op))).toEqual(new Set(["create"]));
  expect(steps.map(({ name }) => name)).toEqual(
    expect.arrayContaining(["lab", "lab-workers-kube-node02-hardware", "page-deployment", "page-service"]),
  );
  expect([project.taken(), machines.taken(), project.kubectlCalls().calls]).toEqual([[], [], []]);
});

test("up makes the lab with the program's own number of workers, and then what runs in it", async () => {
  await up();
  const told = machines.taken().map(({ machine }) => machine);
  expect(told.sort()).toEqual(
    ["gate-node01", "hapx-node01", "hapx-node02", "kube-mast01", "kube-node01", "kube-node02"].sort(),
  );
  expect(project.taken().filter(({ verb }) => verb === "machine ensure")).toHaveLength(6);
  const { calls, left } = project.kubectlCalls();
  expect(calls.map((call) => call.replace(/ \{.*/, "")).sort()).toEqual([
    "apply --filename=-",
    "apply --filename=-",
    "rollout status deployment/page --namespace=default --timeout=180s",
  ]);
  expect(
    calls.filter((call) => /"kind":"(Deployment|Service)","metadata":\{"name":"page"/.test(call)),
  ).toHaveLength(2);
  expect(left).toEqual([]);
});

test("its transform has reached every node", () => {
  const nodes = project.resources().filter(({ type }) => type === "command:remote:Command");
  expect(nodes.map(({ customTimeouts }) => customTimeouts?.create)).toEqual(nodes.map(() => 40 * 60));
  expect(nodes).toHaveLength(6);
});

test("the state names no place of this computer, and a second up changes nothing", async () => {
  expect(project.everyStateText()).not.toContain(project.folder);
  expect(await project.preview()).toEqual([]);
  await up();
  expect([project.taken(), machines.taken(), project.kubectlCalls().calls]).toEqual([[], [], []]);
});

test("a lab that gets another name in the program is the same lab", async () => {
  const named = 'new Lab("lab", await labArgs({ workers: { count: 2 } }), { ';
  const renamed = named.replace('"lab"', '"small"').concat('aliases: [{ name: "lab" }], ');
  project.edit("lab.ts", named, renamed);
  expect(commands(await project.preview())).toEqual([]);
  project.edit("lab.ts", renamed, named);
});

test("a stack of the same name of another program is refused: its machines would be the same", async () => {
  await project.runIn(project.folder, "stack", "init");
  for (const command of [["preview"], ["up", "--yes", "--skip-preview"]])
    await expect(project.runIn(project.folder, ...command)).rejects.toThrow(
      /lab of stack test was made by another Pulumi program, lab-with-workload, .*pulumi stack init NAME/,
    );
  expect([project.taken(), machines.taken()]).toEqual([[], []]);
});

test("another replica is applied in place, and what is gone from the program is deleted", async () => {
  project.edit("page.ts", "replicas: 2", "replicas: 3");
  project.edit("index.ts", 'appliedObject("page-service"', '(() => {})("page-service"');
  expect(await project.preview()).toEqual([
    { op: "update", name: "page-deployment" },
    { op: "delete", name: "page-service" },
  ]);
  expect(await project.run("preview", "--diff")).toMatch(/replicas: 2 => 3/);
  await up();
  const { calls, left } = project.kubectlCalls();
  expect(calls.map((call) => call.split(" ", 1)[0])).toEqual(["apply", "rollout", "delete"]);
  expect(calls[2]).toMatch(/^delete --ignore-not-found --filename=- --timeout=180s .*"kind":"Service"/);
  expect([project.taken(), machines.taken(), left]).toEqual([[], [], []]);
});

test("its kubeconfig's key is in clear nowhere but in the cluster's hands", async () => {
  const { kubeconfig } = JSON.parse(await project.run("stack", "output", "--json", "--show-secrets")) as {
    kubeconfig: string;
  };
  const key = /client-key-data: (\S+)/.exec(kubeconfig)?.[1] ?? "";
  expect(key.length).toBeGreaterThan(100);
  const places = { state: project.everyStateText(), printed, processes: project.everything() };
  expect(Object.entries(places).filter(([, text]) => text.includes(key.slice(20, 80)))).toEqual([]);
});

test("destroy leaves nothing, and asks no cluster that goes anyway", async () => {
  await project.run("destroy", "--yes", "--skip-preview");
  expect(project.kubectlCalls().calls).toEqual([]);
  expect(project.taken().filter(({ verb }) => verb === "machine absent")).toHaveLength(6);
  expect(project.resources()).toEqual([]);
});
