import { text } from "node:stream/consumers";
import { type Host, thisHost } from "../lib/host";
import { logFor } from "../lib/progress";
import { RemedyError } from "../lib/remedy-error";
import type { Hypervisor } from "../plan/lab-plan";
import { bringImages, removeImages } from "./containers/bring-images";
import { parseImageDelivery } from "./containers/delivery";
import { removeLoaded } from "./containers/loaded-images";
import { SpecificationError } from "./driver/errors";
import { labFolders } from "./driver/folders";
import { openVBoxManage } from "./driver/vboxmanage";
import { type GuestAccess, parseGuestAccess } from "./guest/guest-access";
import { withGuests } from "./guest/guest-shell";
import { leaveLab } from "./guest/node";
import { bringReleases } from "./guest/releases";
import { absentAccess, ensureAccess, readStack, type SshAccess } from "./guest/ssh-access";
import { stepAside } from "./guest/step-aside";
import { ensureImage } from "./image/image";
import { removeBundleVolumes } from "./machine/bundle-volume";
import { absentDataDisk, ensureDataDisk } from "./machine/data-disk";
import { absentMachine, ensureMachine } from "./machine/machine";
import { absentSeed, ensureSeed, parseSeedContent, sealSeed } from "./machine/seed";
import { requireOwnPorts } from "./network/host-ports";
import { absentNetwork, ensureNetwork } from "./network/network";
import { readMembers } from "./reality/members";
import { readImageSpecification } from "./specification/image";
import {
  type MachineReference,
  readLabSpecification,
  readMachineReference,
  readSeedReferences,
  shortName,
} from "./specification/lab";
import {
  readDataDiskSpecification,
  readMachineSpecification,
  readReleasesSpecification,
} from "./specification/machine";
import { readNetworkSpecification } from "./specification/network";

/** Exit statuses: the work failed; the call or its specification is wrong. */
const FAILED = 1;
const WRONG_USE = 2;

/** What a verb does: reads its specification, does its work, gives its result for standard output. */
type Verb = (host: Host) => Promise<unknown>;

const VERBS: Record<string, Verb> = {
  "machine ensure": async (host) => {
    const wanted = readMachineSpecification(host.environment);
    const log = logFor(shortName(wanted));
    const access = parseGuestAccess(await text(process.stdin));
    const vbox = open(wanted.hypervisor, host, shortName(wanted));
    await requireOwnPorts(vbox, wanted);
    const aside = async (known: GuestAccess) => {
      const { lab } = await labFolders(vbox, wanted.group);
      const members = await readMembers(lab, wanted);
      await withGuests(known, host, log, (ask) => stepAside(ask, known, members, log));
    };
    return ensureMachine(vbox, wanted, log, access && (() => aside(access)));
  },
  "machine absent": async (host) => {
    const reference = readMachineReference(host.environment);
    await absentMachine(
      open(reference.hypervisor, host, shortName(reference)),
      reference,
      logFor(shortName(reference)),
    );
  },
  "releases ensure": async (host) => {
    const wanted = readReleasesSpecification(host.environment);
    const access = parseGuestAccess(await text(process.stdin));
    if (access === undefined) throw new SpecificationError(["standard input is empty: needed is the access"]);
    if (access.peers.length === 0) return;
    const vbox = open(wanted.hypervisor, host, "releases");
    const folders = await labFolders(vbox, wanted.group);
    await withGuests(access, host, logFor("releases"), (ask) =>
      bringReleases(vbox, wanted, access.peers, { ask, folders, host, logFor }),
    );
  },
  "node leave": async (host) => {
    const reference = readMachineReference(host.environment);
    const log = logFor(shortName(reference));
    const access = parseGuestAccess(await text(process.stdin));
    if (access === undefined) throw new SpecificationError(["standard input is empty: needed is the access"]);
    const vbox = open(reference.hypervisor, host, shortName(reference));
    await withGuests(access, host, log, (ask) => leaveLab(vbox, reference, access, ask, log));
  },
  "disk ensure": async (host) => {
    const wanted = readDataDiskSpecification(host.environment);
    const subject = shortName(wanted);
    await ensureDataDisk(open(wanted.hypervisor, host, subject), wanted, logFor(subject));
  },
  "disk absent": async (host) => {
    const reference = readMachineReference(host.environment);
    const subject = shortName(reference);
    await absentDataDisk(open(reference.hypervisor, host, subject), reference, logFor(subject));
  },
  "seed ensure": async (host) => {
    const reference = readMachineReference(host.environment);
    const content = parseSeedContent(await text(process.stdin));
    await ensureSeed(open(reference.hypervisor, host, shortName(reference)), reference, content, host);
  },
  "seed seal": async (host) => {
    const seal = (reference: MachineReference) => {
      const subject = shortName(reference);
      return sealSeed(open(reference.hypervisor, host, subject), reference, logFor(subject));
    };
    const references = readSeedReferences(host.environment);
    await Promise.all(references.map(seal));
    for (const { hypervisor, group } of references.slice(0, 1)) {
      const vbox = open(hypervisor, host, "lab");
      await removeBundleVolumes(vbox, await labFolders(vbox, group), logFor("lab"));
    }
  },
  "seed absent": async (host) => {
    const reference = readMachineReference(host.environment);
    await absentSeed(open(reference.hypervisor, host, shortName(reference)), reference);
  },
  "network ensure": async (host) => {
    const wanted = readNetworkSpecification(host.environment);
    await ensureNetwork(open(wanted.hypervisor, host, "network"), wanted, host.project, logFor("network"));
  },
  "network absent": async (host) => {
    const lab = readLabSpecification(host.environment);
    await absentNetwork(open(lab.hypervisor, host, "network"), lab, host.project, logFor("network"));
  },
  "access ensure": async (host) => {
    await ensureAccess(readStack(host), JSON.parse(await text(process.stdin)) as SshAccess, host);
  },
  "access absent": async (host) => {
    const stack = readStack(host);
    await absentAccess(stack, host);
    removeLoaded(host.project, stack);
  },
  "images ensure": async (host) => {
    const { access, goals } = parseImageDelivery(await text(process.stdin));
    await withGuests(access, host, logFor("images"), (ask) => bringImages(goals, { ask, host, logFor }));
  },
  "images absent": async (host) => {
    const { access } = parseImageDelivery(await text(process.stdin));
    await withGuests(access, host, logFor("images"), (ask) =>
      removeImages(access.peers, { ask, host, logFor }),
    );
  },
  "image ensure": async (host) => {
    const wanted = readImageSpecification(host.environment);
    await ensureImage(open(wanted.hypervisor, host, "image"), wanted, host, logFor("image"));
    return { image: wanted.image };
  },
};

function open(hypervisor: Hypervisor, host: Host, subject: string) {
  return openVBoxManage(hypervisor, host, logFor(subject));
}

/** Runs the verb that the arguments name. @returns the exit status */
async function main(args: readonly string[]): Promise<number> {
  // The Pulumi program may give the verb as one argument: `machine ensure`.
  const name = args.join(" ").trim().split(/\s+/).join(" ");
  const verb = VERBS[name];
  if (!verb) {
    const known = Object.keys(VERBS).join(", ");
    process.stderr.write(`hypervisor: there is no verb ${JSON.stringify(name)}; there are: ${known}\n`);
    return WRONG_USE;
  }
  try {
    const result = await verb(thisHost());
    if (result !== undefined) process.stdout.write(`${JSON.stringify(result)}\n`);
    return 0;
  } catch (error) {
    process.stderr.write(`${name}: ${describe(error)}\n`);
    return error instanceof SpecificationError ? WRONG_USE : FAILED;
  }
}

function describe(error: unknown): string {
  if (error instanceof RemedyError) return `${error.message}\nWhat to do: ${error.remedy}`;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

void main(process.argv.slice(2)).then((status) => {
  process.exitCode = status;
});
