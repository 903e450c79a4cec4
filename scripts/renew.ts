import { openVBoxManage } from "../hypervisor/driver/vboxmanage";
import { wishRenewal } from "../hypervisor/machine/renewal";
import { type CommandLine, type Options, runCommand } from "../lib/command-line";
import { thisHost } from "../lib/host";
import { logFor } from "../lib/progress";
import { utcSeconds } from "../lib/utc";
import type { MachinePlan } from "../plan/lab-plan";
import { prepare } from "./set-up/set-up";
import { askFor, bringUp } from "./up/bring-up";

const options = {
  all: { type: "boolean", does: "all machines, one after another" },
  cancel: { type: "boolean", does: "takes the wish back, for machines that were not recreated yet" },
  yes: { type: "boolean", short: "y", does: "asks nothing" },
} as const satisfies Options;

const usage = {
  name: "renew",
  does: "recreates machines from the latest image, each in its turn; data disks are kept",
  options,
  words: "[MACHINE…]",
  notes: "A machine that lives keeps the image that it was born with; this is the way to a newer one.",
};

async function main({ stack, values, words }: CommandLine<typeof options>): Promise<void> {
  const prepared = await prepare(stack);
  const { plan } = prepared;
  const chosen = chosenOf(plan.machines, words, values.all === true);
  const vbox = openVBoxManage(plan.hypervisor, thisHost(), logFor("renew"));
  const machines = chosen.map(({ hypervisorName }) => hypervisorName);
  if (values.cancel) return wishRenewal(vbox, machines, undefined);
  if (!values.yes) await askFor([`recreates ${chosen.map(({ name }) => name).join(", ")}`]);
  await wishRenewal(vbox, machines, utcSeconds(new Date()));
  process.exitCode = await bringUp(stack, prepared, [], true);
}

/** @throws Error where a name is none of the lab's, or nothing is said. */
function chosenOf(machines: readonly MachinePlan[], words: readonly string[], all: boolean): MachinePlan[] {
  const names = machines.map(({ name }) => name);
  const strange = words.filter((word) => !names.includes(word));
  if (strange.length > 0 || all === words.length > 0)
    throw new Error(
      `which machines? ${strange.length > 0 ? `${strange.join(", ")} is none of the lab's. ` : ""}Of ${names.join(", ")}: npm run renew -- ${names.at(-1)}, or --all`,
    );
  return machines.filter(({ name }) => all || words.includes(name));
}

void runCommand(usage, main);
