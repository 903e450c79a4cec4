import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { labFolders } from "../../../hypervisor/driver/folders";
import type { GuestAnswer } from "../../../hypervisor/guest/guest-shell";
import { bringReleases } from "../../../hypervisor/guest/releases";
import { rememberBundle } from "../../../hypervisor/machine/bundles";
import { ensureMachine } from "../../../hypervisor/machine/machine";
import { thisHost } from "../../../lib/host";
import type { RunProcess } from "../../../lib/process";
import { onLinux } from "../../systems";
import { GATEWAY, IMAGE, scratch } from "./fixtures";
import { SimulatedVBoxManage } from "./simulated-vboxmanage";

const older = "Kubernetes 1.36.2, flannel 0.28.4";
const releases = "Kubernetes 1.36.3, flannel 0.28.4";
const names = ["kube-mast01", "kube-node01"];
const YES: GuestAnswer = { reached: true, status: 0, output: "", lastWords: "" };

let simulated: SimulatedVBoxManage;
let remove: () => void;
let asked: string[];
let commands: string[];

beforeEach(async () => {
  const place = scratch();
  remove = place.remove;
  asked = [];
  commands = [];
  simulated = new SimulatedVBoxManage(place.folder);
  for (const call of [
    ["createvm", "--name", IMAGE, "--groups", "/kube-lab", "--register"],
    ["snapshot", IMAGE, "take", "base"],
  ])
    await simulated.run("", call, { timeoutSeconds: 1 });
  for (const name of names) {
    const machine = { ...GATEWAY, machine: `kube-lab-dev-${name}`, forwards: [], releases: older };
    await ensureMachine(simulated.open(), machine, () => undefined);
  }
  for (const folder of ["image", "kubernetes"])
    cpSync(path.join("cloud-init", folder), path.join(place.folder, "cloud-init", folder), {
      recursive: true,
    });
  const bundle = path.join(place.folder, "bundle");
  mkdirSync(bundle);
  rememberBundle(place.folder, releases, bundle);
});
afterEach(() => remove());

const isoMaker: RunProcess = async (_, args) => {
  writeFileSync(args.find((arg) => arg.endsWith(".partial.iso"))?.replace(/^-o/, "") ?? "", "volume");
  return { status: 0, stdout: "", stderr: "", timedOut: false };
};

async function bring(answers: Record<string, GuestAnswer> = {}, wanted = releases): Promise<void> {
  const vbox = simulated.open();
  const guests = names.map((name) => ({ name, address: "192.168.1.10", hostKey: "ssh-ed25519 AAAA" }));
  await bringReleases(vbox, { hypervisor: "virtualbox", group: GATEWAY.group, releases: wanted }, guests, {
    ask: async ({ name }, command) => {
      asked.push(name);
      commands.push(command);
      return answers[name] ?? YES;
    },
    folders: await labFolders(vbox, GATEWAY.group),
    host: { ...thisHost(), project: simulated.folder, exists: () => true },
    logFor: () => () => undefined,
    patience: { boundSeconds: 0, pauseSeconds: 0 },
    run: isoMaker,
  });
}

const drives = () =>
  names.map((name) => simulated.machine(`kube-lab-dev-${name}`).values.get("SATA-2-0") ?? "");

it("puts the volume into every drive and has each machine take the images up", async () => {
  await bring();
  expect(asked.sort()).toEqual(names);
  for (const drive of drives()) expect(drive).toMatch(/bundle-[0-9a-f]{12}\.iso$/);
});

/** What a machine has for the command: a drive with one image, and a containerd. */
const MACHINE = `
sudo() { "$@"; }
mountpoint() { true; }
mount() {
  mkdir -p "$4/images" "$4/manifests"
  echo '[{"RepoTags": ["registry.k8s.io/pause:3.10"]}]' >"$4/manifest.json"
  tar -cf "$4/images/pause.tar" -C "$4" manifest.json
}
umount() { find "$2" -mindepth 1 -delete; }
sync() { :; }
ctr() { echo "ctr $*" >&2; }
jq() { cat >/dev/null; echo registry.k8s.io/pause:3.10; }
export -f sudo mountpoint mount umount sync ctr jq
`;

onLinux("what a machine is sent takes the volume's images up and pins them", async () => {
  await bring();
  const result = spawnSync("bash", ["-c", `${MACHINE}\n${commands[0]}`], {
    encoding: "utf8",
    env: { ...process.env, ROOT: path.join(simulated.folder, "machine") },
  });
  expect(result).toMatchObject({ status: 0, stdout: expect.stringContaining("the images are there") });
  expect(result.stderr).toMatch(/images import .*pause.tar\n.*images label registry.k8s.io\/pause:3.10 /);
});

it("asks none that has all already", async () => {
  await bring({}, older);
  expect(asked).toEqual([]);
  expect(drives().filter((drive) => drive.includes("bundle-"))).toEqual([]);
});

it("leaves one that is off alone: it gets its volume when it is started", async () => {
  simulated.machine("kube-lab-dev-kube-node01").state = "poweroff";
  await bring();
  expect(asked).toEqual(["kube-mast01"]);
});

it.each<[string, GuestAnswer, string]>([
  ["does not answer", { reached: false, reason: "Connection refused" }, "Connection refused"],
  [
    "has no room",
    { reached: true, status: 1, output: "", lastWords: "is the disk full?" },
    "is the disk full?",
  ],
])("fails before anything is changed when one %s, and says which", async (_, answer, words) => {
  await expect(bring({ "kube-node01": answer })).rejects.toMatchObject({
    message: expect.stringMatching(new RegExp(`kube-node01: .*${words.replaceAll("?", "\\?")}`)),
    remedy: expect.stringContaining("Nothing was changed yet"),
  });
});
