import { readdir, readFile, rm } from "node:fs/promises";
import path from "node:path";
import { dump } from "js-yaml";
import type { Host } from "../../lib/host";
import { type Log, waitFor } from "../../lib/progress";
import { RemedyError } from "../../lib/remedy-error";
import { posixWord } from "../../lib/shell-words";
import { withTemporaryFolder } from "../../lib/temporary-folder";
import { makeIso } from "../driver/iso";
import type { VBoxManage } from "../driver/vboxmanage";
import { BUNDLE_LABEL } from "../machine/bundle-volume";
import { BUNDLE_PORT, CONTROLLER, SEED_PORT } from "../machine/hardware";
import { forget } from "../machine/leftovers";
import { isStopped, powerOff, stateOf } from "../machine/power";
import { writeSeed } from "../machine/seed";

/** What the guest's script prints on the serial console at its good end; see prepare-boot.sh. */
const DONE = "kube-lab: image prepared";
/** Packages out of the internet and some hundred megabytes of container images, on a slow disk. */
const BOUND_SECONDS = 3600;
/** Where the scripts are in the guest; gone with its next boot. */
const GUEST_FOLDER = "/run/kube-lab-image";

/**
 * Boots the template once to prepare a plain cloud image: packages, Kubernetes' programs and images, clean identity.
 * The guest finds its orders on a seed and the bundle on a second volume, and switches itself off at the end.
 * Its serial console is the only way to learn how that went, since a bare guest has no VirtualBox additions.
 */
export async function prepareByBoot(
  vbox: VBoxManage,
  image: string,
  bundle: string,
  folder: string,
  host: Host,
  log: Log,
): Promise<void> {
  const consoleLog = path.join(folder, "preparation.log");
  await rm(consoleLog, { force: true });
  await withTemporaryFolder(folder, ".preparation-", async (temporary) => {
    const seed = path.join(temporary, "seed.iso");
    const volume = path.join(temporary, "bundle.iso");
    log("packing the bundle for its preparation");
    await writeSeed(await preparationSeed(host.project, image, process.env), seed, host);
    await makeIso({ source: bundle, target: volume, label: BUNDLE_LABEL }, host);
    await setDevices(vbox, image, { seed, bundle: volume, consoleLog });
    try {
      await bootOnce(vbox, image, consoleLog, log);
    } finally {
      await powerOff(vbox, image, (await stateOf(vbox, image)) ?? "poweroff", log);
      await setDevices(vbox, image, undefined);
      for (const file of [seed, volume]) await forget(vbox, "dvd", file);
    }
  });
  await rm(consoleLog, { force: true });
}

async function bootOnce(vbox: VBoxManage, image: string, consoleLog: string, log: Log): Promise<void> {
  log("booting it once to prepare it: packages, Kubernetes' programs and images");
  await vbox.call(["startvm", image, "--type", "headless"], 300);
  const remedy = `Read its console in ${consoleLog}; packages come from the internet through VirtualBox's NAT.`;
  await waitFor(
    {
      log,
      what: "for its preparation",
      boundSeconds: BOUND_SECONDS,
      remedy,
      pause: { first: 2000, longest: 5000 },
    },
    async () => (isStopped((await stateOf(vbox, image)) ?? "poweroff") ? true : undefined),
  );
  const output = await readFile(consoleLog, "utf8").catch(() => "");
  if (output.includes(DONE)) return;
  const end = output.replace(/\r/g, "").trimEnd().split("\n").slice(-20).join("\n");
  throw new RemedyError(
    `${image} switched itself off without being prepared. The end of its console:\n${end}`,
    remedy,
  );
}

/** User data that carries the preparation scripts and runs them. Typed values, YAML by js-yaml. */
export async function preparationSeed(project: string, image: string, environment: NodeJS.ProcessEnv = {}) {
  const source = path.join(project, "cloud-init", "image");
  const entries = await readdir(source, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isFile()).map((entry) => entry.name);
  const files = await Promise.all(
    names.map(async (name) => ({
      path: `${GUEST_FOLDER}/${name}`,
      permissions: name.endsWith(".sh") ? "0700" : "0600",
      content: await readFile(path.join(source, name), "utf8"),
    })),
  );
  const start = {
    path: `${GUEST_FOLDER}/prepare-boot.sh`,
    permissions: "0700",
    content: await readFile(path.join(project, "hypervisor", "image", "prepare-boot.sh"), "utf8"),
  };
  // Set-up has this computer's proxy in them, or the configuration's.
  const proxy = ["http_proxy", "https_proxy"].flatMap((name) =>
    environment[name] ? [`export ${name}=${posixWord(environment[name])}\n`] : [],
  );
  const proxyFile = { path: `${GUEST_FOLDER}/proxy.sh`, permissions: "0600", content: proxy.join("") };
  const userData = {
    ssh_pwauth: false,
    disable_root: true,
    write_files: [...files, start, ...(proxy.length > 0 ? [proxyFile] : [])],
    runcmd: [[start.path, BUNDLE_LABEL, `${GUEST_FOLDER}/prepare.sh`]],
  };
  return {
    userData: `#cloud-config\n${dump(userData)}`,
    metaData: dump({ "instance-id": `${image}-preparation`, "local-hostname": "kube-lab-image" }),
    networkConfig: dump({ version: 2, ethernets: { all: { match: { name: "e*" }, dhcp4: true } } }),
  };
}

/** Gives the template what its preparation needs: two volumes, NAT, a console in a file; or takes all of it away. */
async function setDevices(
  vbox: VBoxManage,
  image: string,
  devices: { seed: string; bundle: string; consoleLog: string } | undefined,
): Promise<void> {
  const options = devices
    ? [
        "--cpus",
        "2",
        "--memory",
        "2048",
        "--nic1",
        "nat",
        "--nictype1",
        "virtio",
        "--uart1",
        "0x3F8",
        "4",
        "--uartmode1",
        "file",
        devices.consoleLog,
      ]
    : ["--cpus", "1", "--memory", "1024", "--nic1", "none", "--uart1", "off"];
  await vbox.call(["modifyvm", image, ...options]);
  const media: [number, string | undefined][] = [
    [SEED_PORT, devices?.seed],
    [BUNDLE_PORT, devices?.bundle],
  ];
  for (const [port, file] of media) {
    const place = ["--storagectl", CONTROLLER, "--port", String(port), "--device", "0"];
    const medium = file === undefined ? ["--medium", "none"] : ["--type", "dvddrive", "--medium", file];
    await vbox.call(["storageattach", image, ...place, ...medium]);
  }
}
