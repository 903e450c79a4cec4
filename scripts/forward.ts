import { readAddedForwards, writeAddedForwards } from "../hypervisor/reality/added-forwards";
import type { LabOutputs } from "../lab/outputs";
import { LabShell } from "../lab/shell";
import { Stack } from "../lab/stack/stack";
import { type CommandLine, type Options, runCommand } from "../lib/command-line";
import { RemedyError } from "../lib/remedy-error";
import { table } from "../lib/table";
import { removeCommand } from "../plan/config/problems";
import { forwardsIn } from "../plan/endpoint";
import type { AddedForward } from "../plan/forwards";
import { freeHostPort, readHostPort, requireHostPort } from "./forward/host-port";
import { askForService, type ForwardTarget, machineTarget, readWish, serviceTarget } from "./forward/target";
import { type Prepared, prepare, setUpEngine } from "./set-up/set-up";
import { bringUp } from "./up/bring-up";

const options = {
  "host-port": { type: "string", value: "PORT", does: "this computer's port; a free one where left out" },
  remove: { type: "boolean", does: "takes it away: by this computer's port, or what it leads to" },
  list: { type: "boolean", does: "shows what is forwarded" },
} as const satisfies Options;

const usage = {
  name: "forward",
  does: "leads a port of this computer to a service or a machine's port of the lab that is up",
  options,
  words: "[NAMESPACE/]SERVICE [PORT] | MACHINE:PORT",
  notes:
    "An update of the lab makes the forward. It stays over `stop` and `start`, `status` lists it, and it goes with `down`; for good: hostAccess.forwards.",
};

async function main({ stack, values, words }: CommandLine<typeof options>): Promise<void> {
  if (values.list) return list(await outputsOf(stack));
  if (values.remove) return remove(stack, words);
  const wish = readWish(words);
  const wantedPort = values["host-port"] === undefined ? undefined : readHostPort(values["host-port"]);
  const outputs = await outputsOf(stack);
  const target =
    wish.kind === "machine"
      ? machineTarget(wish, outputs.machines)
      : await withShell(outputs, async (shell) =>
          serviceTarget(wish, await askForService(wish, outputs.machines, shell), outputs.machines),
        );
  await add(stack, await prepare(stack), target, wantedPort);
}

async function outputsOf(stack: string): Promise<LabOutputs> {
  return new Stack(stack, await setUpEngine(stack)).outputs();
}

async function withShell<T>({ access }: LabOutputs, use: (shell: LabShell) => Promise<T>): Promise<T> {
  const shell = new LabShell(access);
  try {
    return await use(shell);
  } finally {
    await shell.close();
  }
}

function list({ forwards = {} }: LabOutputs): void {
  const rows = Object.entries(forwards).map(([port, to]) => [port, to]);
  console.log(rows.length === 0 ? "Nothing is forwarded." : table(["port", "leads to"], rows));
}

async function add(
  stack: string,
  { plan, project }: Prepared,
  target: ForwardTarget,
  wantedPort: number | undefined,
): Promise<void> {
  const { address } = plan.hostAccess;
  const before = readAddedForwards(stack);
  const known = before.find((forward) => forward.about === target.about);
  // Again for the same: its address or NodePort may have changed, and its port of the host stays.
  const others = before.filter((forward) => forward !== known);
  if (wantedPort !== undefined && wantedPort !== known?.hostPort)
    await requireHostPort(wantedPort, address, forwardsIn(plan));
  const hostPort =
    wantedPort ??
    known?.hostPort ??
    (await freeHostPort(portIn(target.about) ?? target.port, address, forwardsIn(plan)));
  if (!(await apply(stack, project, [...others, { hostPort, ...target }], before))) return;
  console.log(`\n${address}:${hostPort} leads to ${target.about}`);
  console.log(`Take it away: npm run forward -- --remove ${hostPort}`);
}

/** What a person knows it by: the service's port rather than its NodePort. */
function portIn(about: string): number | undefined {
  const port = /:(\d+)$/.exec(about)?.[1];
  return port === undefined ? undefined : Number(port);
}

async function remove(stack: string, words: readonly string[]): Promise<void> {
  const [word = "", ...others] = words;
  const { plan, project } = await prepare(stack);
  const before = readAddedForwards(stack);
  const isMeant = ({ hostPort, about }: AddedForward) =>
    [String(hostPort), about, about.replace(/:\d+$/, ""), about.replace(/^default\/|:\d+$/g, "")].includes(
      word,
    );
  const kept = before.filter((forward) => !isMeant(forward));
  if (others.length > 0 || kept.length === before.length) throw notAdded(word, before, forwardsIn(plan));
  await apply(stack, project, kept, before);
}

function notAdded(word: string, added: readonly AddedForward[], planned: ReturnType<typeof forwardsIn>) {
  const configured = planned.some(({ hostPort, about }) => about !== undefined && String(hostPort) === word);
  if (configured)
    return new RemedyError(
      `Port ${word} is forwarded by hostAccess.forwards.`,
      `Take it out there, then npm run up; all of them: ${removeCommand("hostAccess.forwards")}`,
    );
  const ports = added.map(({ hostPort, about }) => `${hostPort} (${about})`).join(", ");
  return new RemedyError(
    `npm run forward has made no forward ${word}.`,
    ports === "" ? "There is none." : `Say which: npm run forward -- --remove PORT, of ${ports}`,
  );
}

/** @returns whether the lab has it; where nothing was touched, nothing is remembered. */
async function apply(
  stack: string,
  project: string,
  forwards: readonly AddedForward[],
  before: readonly AddedForward[],
): Promise<boolean> {
  writeAddedForwards(stack, project, forwards);
  try {
    process.exitCode = await bringUp(stack, await prepare(stack), [], false);
    return process.exitCode === 0;
  } catch (error) {
    writeAddedForwards(stack, project, before);
    throw error;
  }
}

void runCommand(usage, main);
