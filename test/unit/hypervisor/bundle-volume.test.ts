import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { labFolders } from "../../../hypervisor/driver/folders";
import { inspect } from "../../../hypervisor/driver/inspect";
import { ensureBundleVolume, removeBundleVolumes } from "../../../hypervisor/machine/bundle-volume";
import { rememberBundle } from "../../../hypervisor/machine/bundles";
import type { MachineRecord } from "../../../hypervisor/machine/record";
import { sealSeed } from "../../../hypervisor/machine/seed";
import { thisHost } from "../../../lib/host";
import type { RunProcess } from "../../../lib/process";
import { GATEWAY, scratch } from "./fixtures";
import { SimulatedVBoxManage } from "./simulated-vboxmanage";

const releases = "Kubernetes 1.36.3, flannel 0.28.4, storage 0.0.30";
const machine = { ...GATEWAY, machine: "kube-lab-dev-kube-mast01" };

let simulated: SimulatedVBoxManage;
let remove: () => void;
let lines: string[];

beforeEach(async () => {
  const place = scratch();
  remove = place.remove;
  lines = [];
  simulated = new SimulatedVBoxManage(place.folder);
  const create = ["createvm", "--name", machine.machine, "--groups", machine.group, "--register"];
  await simulated.run("", create, { timeoutSeconds: 1 });
  simulated.machine(machine.machine).state = "running";
  const bundle = path.join(place.folder, "bundle");
  mkdirSync(path.join(bundle, "bin"), { recursive: true });
  writeFileSync(path.join(bundle, "bin", "kubeadm"), "new");
  rememberBundle(place.folder, releases, bundle);
  simulated.calls.length = 0;
});
afterEach(() => remove());

/** In place of whatever makes ISOs on this computer; each has its target among its arguments. */
const isoMaker: RunProcess = async (_, args) => {
  writeFileSync(args.find((arg) => arg.endsWith(".partial.iso"))?.replace(/^-o/, "") ?? "", "volume");
  return { status: 0, stdout: "", stderr: "", timedOut: false };
};

const say = (line: string) => void lines.push(line);
const drive = () => simulated.machine(machine.machine).values.get("SATA-2-0");

async function ensure(had: string | undefined, wanted = releases): Promise<void> {
  const vbox = simulated.open();
  const info = (await inspect(vbox, machine.machine)) ?? new Map();
  const record = { ...(had && { releases: had }) } as MachineRecord;
  const folders = await labFolders(vbox, machine.group);
  const host = { ...thisHost(), project: simulated.folder, exists: () => true };
  await ensureBundleVolume(
    vbox,
    { machine: machine.machine, releases: wanted },
    { info, record },
    folders,
    say,
    host,
    isoMaker,
  );
}

it.each([
  ["of another Kubernetes", "Kubernetes 1.36.2, flannel 0.28.4, storage 0.0.30"],
  ["without an add-on that is on now", "Kubernetes 1.36.3, flannel 0.28.4"],
  ["whose releases nobody has written down", undefined],
])("puts the bundle into the drive of a living machine %s, once", async (_, had) => {
  await ensure(had);
  expect(drive()).toMatch(/seeds[\\/]bundle-[0-9a-f]{12}\.iso$/);
  expect(existsSync(drive() ?? "")).toBe(true);
  simulated.calls.length = 0;
  await ensure(had);
  expect(simulated.verbs()).toEqual([]);
});

it("leaves the drive alone where the machine has all that is on, and more", async () => {
  await ensure(`${releases}, traefik 3.6.12`);
  expect(simulated.verbs()).toEqual([]);
});

it("never takes away the seed of a machine that has not come up yet", async () => {
  const seed = path.join(simulated.folder, "kube-lab", "dev", "seeds", `${machine.machine}.iso`);
  simulated.machine(machine.machine).values.set("SATA-2-0", seed);
  await ensure("Kubernetes 1.36.2");
  expect(drive()).toBe(seed);
});

it("says what to do where nobody has made the bundle", async () => {
  await expect(ensure(undefined, "Kubernetes 1.36.9")).rejects.toMatchObject({
    message: expect.stringContaining("Kubernetes 1.36.9"),
    remedy: expect.stringContaining("npm run up"),
  });
  expect(drive()).toBeUndefined();
});

it("is taken out by the seal, and removed once no machine has it", async () => {
  await ensure(undefined);
  const iso = drive() ?? "";
  const folders = await labFolders(simulated.open(), machine.group);
  await sealSeed(simulated.open(), machine, say);
  expect(drive()).toBe("emptydrive");
  expect(existsSync(iso)).toBe(true);
  await removeBundleVolumes(simulated.open(), folders, say);
  expect(existsSync(iso)).toBe(false);
});
