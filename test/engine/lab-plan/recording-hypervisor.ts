/**
 * In place of hypervisor/main.ts in a test: makes no machine, but remembers what it was asked and behaves as if it had.
 * RECORDS names the folder it remembers in: `calls.jsonl`, `machines/NAME/{info,kube-lab.json,token}`, `seeds/NAME` (only until sealed),
 * `seeded/NAME`, `lab`: the lab's own folder, with its record as the real program leaves it and a folder for each machine. Others read while it writes: whole files only.
 */
import { randomUUID } from "node:crypto";
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { load } from "js-yaml";
import { absentAccess, ensureAccess, readStack, type SshAccess } from "../../../hypervisor/guest/ssh-access";
import { forgetLab, rememberLab } from "../../../hypervisor/reality/living-lab";
import { readReleasesSpecification } from "../../../hypervisor/specification/machine";
import { readNetworkSpecification } from "../../../hypervisor/specification/network";
import { writeAtomically } from "../../../lib/atomic-file";
import { thisHost } from "../../../lib/host";
import { deliveredFiles, deliveryIn } from "../../delivered-files";

/** What a machine would know of itself from its seed; for ssh-machines.ts. */
export interface SeededMachine {
  name: string;
  user: string;
  hostKey: string;
  authorizedKey: string;
  addresses: string[];
}

const own =
  /^(HYPERVISOR|GROUP|MACHINE|INCARNATION|HOST_KEY|IMAGE|BASE_DISK|ROOT_DISK_GIB|CPUS|MEMORY_MIB|DATA_DISK_GIB|BIRTH|RENEWAL|KUBERNETES|ADDONS|(ADAPTER|FORWARD|SEED|MADE_WITH)_\w+)$/;
const records = process.env.RECORDS ?? "";
const name = process.env.MACHINE ?? "";
const machine = join(records, "machines", name);
const seed = join(records, "seeds", name);
const lab = join(records, "lab");
const stack = "test";

const verbs: Record<string, () => Promise<unknown>> = {
  "network ensure": async () => {
    for (const folder of [lab, join(records, "machines")]) mkdirSync(folder, { recursive: true });
    const { incarnation, madeWith } = readNetworkSpecification(process.env);
    const place = { hypervisor: "virtualbox" as const, folder: lab };
    rememberLab(thisHost().project, stack, place, { incarnation, madeWith });
  },
  "network absent": async () => forgetLab(thisHost().project, stack, lab),
  "access ensure": async () =>
    ensureAccess(readStack(thisHost()), JSON.parse(await text(process.stdin)) as SshAccess, thisHost()),
  "access absent": async () => absentAccess(readStack(thisHost()), thisHost()),
  "image ensure": async () => {
    const { IMAGE: image = "", INCARNATION: incarnation = "" } = process.env;
    const template = join(records, "machines", image);
    mkdirSync(template, { recursive: true });
    writeAtomically(join(template, "token"), incarnation, { isLasting: false });
    return { image };
  },
  "releases ensure": async () => undefined,
  "seed ensure": async () => {
    const content = JSON.parse(await text(process.stdin)) as Seed;
    for (const folder of ["seeds", "seeded"]) mkdirSync(join(records, folder), { recursive: true });
    writeAtomically(seed, "", { isLasting: false });
    writeAtomically(join(records, "seeded", name), JSON.stringify(seededMachine(content)), {
      isLasting: false,
    });
  },
  "seed seal": async () => rmSync(join(records, "seeds"), { recursive: true, force: true }),
  "seed absent": async () => {
    for (const gone of [seed, join(records, "seeded", name)]) rmSync(gone, { force: true });
  },
  "disk ensure": async () => undefined,
  "disk absent": async () => undefined,
  "machine ensure": async () => ensureMachine(),
  "node leave": async () => undefined,
  "machine absent": async () => {
    for (const gone of [machine, join(lab, name)]) rmSync(gone, { recursive: true, force: true });
  },
};

interface Seed {
  userData: string;
  metaData: string;
  networkConfig: string;
}

function seededMachine({ userData, metaData, networkConfig }: Seed): SeededMachine {
  const user = load(userData) as { users: { name: string }[] };
  const login = user.users[0]?.name ?? "";
  const network = load(networkConfig) as { ethernets: Record<string, { addresses?: string[] }> };
  const files = deliveredFiles(deliveryIn(userData));
  return {
    name: (load(metaData) as { "local-hostname": string })["local-hostname"],
    user: login,
    hostKey: files.get("/etc/ssh/ssh_host_ed25519_key") ?? "",
    authorizedKey: files.get(`/etc/ssh/authorized_keys.d/${login}`) ?? "",
    addresses: Object.values(network.ethernets).flatMap(({ addresses = [] }) =>
      addresses.map((address) => address.replace(/\/.*/, "")),
    ),
  };
}

function ensureMachine() {
  const { INCARNATION: incarnation, HOST_KEY: hostKey, IMAGE: image, CPUS: cpus } = process.env;
  const { MEMORY_MIB: memory, BIRTH: birth, RENEWAL: renewal } = process.env;
  const releases = process.env.KUBERNETES ? readReleasesSpecification(process.env).releases : undefined;
  const hardware = { cpus, memory, "root disk": "attached", "data disk": "none" };
  const recordFile = join(machine, "kube-lab.json");
  const before = existsSync(recordFile)
    ? (JSON.parse(readFileSync(recordFile, "utf8")) as Record<string, string>)
    : {};
  const same =
    JSON.stringify(before.hardware) === JSON.stringify(hardware) && before.incarnation === incarnation;
  const started = same && before.started !== undefined ? before.started : new Date().toISOString();
  const uuid = before.uuid ?? randomUUID();
  for (const folder of [machine, join(lab, name, "Logs")]) mkdirSync(folder, { recursive: true });
  const info = [
    `name="${name}"`,
    `UUID="${uuid}"`,
    `CfgFile="${machine}/${name}.vbox"`,
    'VMState="running"',
    'groups="/kube-lab/test"',
    `cpus=${cpus}`,
    `memory=${memory}`,
    '"SATA-0-0"="root.vdi"',
  ];
  writeAtomically(join(machine, "info"), `${info.join("\n")}\n`, { isLasting: false });
  writeAtomically(
    recordFile,
    JSON.stringify({
      ...{ uuid, incarnation, hostKey, project: thisHost().project },
      ...{ image, birth, renewal, hardware, started, releases },
    }),
    { isLasting: false },
  );
  process.stderr.write(`${name}: started\n`);
  return { uuid, state: "running", started };
}

async function main(): Promise<void> {
  const verb = process.argv.slice(2).join(" ");
  const environment = Object.fromEntries(Object.entries(process.env).filter(([key]) => own.test(key)));
  appendFileSync(
    join(records, "calls.jsonl"),
    `${JSON.stringify({ verb, environment, everything: { arguments: process.argv, environment: process.env } })}\n`,
  );
  const run = verbs[verb];
  if (run === undefined) throw new Error(`there is no verb ${verb}`);
  const result = await run();
  if (result !== undefined) process.stdout.write(`${JSON.stringify(result)}\n`);
}

void main();
