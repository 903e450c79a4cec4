import { writeFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { readLoaded } from "../hypervisor/containers/loaded-images";
import { Stack } from "../lab/stack/stack";
import { counts, fittedStatusText, type Size, statusText } from "../lab/status-text";
import { type LabLook, LabWatcher } from "../lab/watcher";
import { type CommandLine, type Options, runCommand } from "../lib/command-line";
import { endingSignal, keyboardEnding, unlessEnded } from "../lib/ending";
import { picture } from "../ui/picture";
import { setUpEngine } from "./set-up/set-up";
import { openScreen } from "./status/screen";

/** Between the end of a look and the next, so that looking does not become the lab's main work. */
const pauseMs = 5000;

const options = {
  json: { type: "boolean", does: "as JSON" },
  watch: { type: "boolean", does: "again and again, until q or Ctrl-C" },
  svg: { type: "string", value: "FILE", does: "draws the topology, too" },
} as const satisfies Options;

const usage = {
  name: "status",
  does: "shows machines, nodes, etcd, virtual IP, HAProxy, Gluster and certificates in one table",
  options,
  notes:
    "Ends with 0 when all is healthy, 1 when something is not, 2 when there is no lab to look at, 3 when nothing is known to be wrong, but a machine that could tell did not answer in time.",
};

async function main({ stack: name, values }: CommandLine<typeof options>): Promise<void> {
  const watcher = new LabWatcher(new Stack(name, await setUpEngine(name)));
  if (values.watch) {
    await watch(watcher, values);
    // A look may be under way; its bound is for those who wait for it.
    process.exit();
  }
  try {
    const look = await watcher.look();
    writePicture(look, values.svg);
    if (look.problem !== undefined) throw new Error(look.problem);
    console.log(values.json ? json(look) : statusText(look.checks));
    if (!values.json) sayLoaded(name);
    process.exitCode = exitStatus(look);
  } finally {
    await watcher.close();
  }
}

/** In a line, where there are any. */
function sayLoaded(stack: string): void {
  const names = readLoaded(process.cwd(), stack).flatMap(({ images }) => images.map(({ name }) => name));
  if (names.length > 0) console.log(`Loaded images: ${names.join(", ")} (npm run load -- --list)`);
}

async function watch(watcher: LabWatcher, given: CommandLine<typeof options>["values"]): Promise<void> {
  const { signal, restore } = keyboardEnding(process.stdin, endingSignal());
  const screen = openScreen(process.stdout);
  try {
    if (process.stdout.isTTY) screen.show(() => `Looking at the lab …`);
    while (!signal.aborted) {
      const look = await unlessEnded(watcher.look(), signal);
      if (look === undefined) break;
      writePicture(look, given.svg);
      screen.show((size) => (given.json ? json(look) : watchedText(look, size)));
      process.exitCode = exitStatus(look);
      await pause(pauseMs, undefined, { signal }).catch(() => {});
    }
  } finally {
    screen.close();
    restore();
  }
}

function writePicture({ plan, checks }: LabLook, file: string | undefined): void {
  if (file !== undefined) writeFileSync(file, picture(plan, checks));
}

function watchedText(look: LabLook, size?: Size): string {
  const heading = `Stack ${look.plan.stack}, ${look.time.toLocaleTimeString("en-GB")}${size ? "; q ends" : ""}`;
  if (look.problem !== undefined) return `${heading}\n\nNo lab to look at: ${look.problem}\n`;
  if (size === undefined) return `${heading}\n\n${statusText(look.checks)}\n`;
  return [heading, "", ...fittedStatusText(look.checks, { ...size, rows: size.rows - 2 })].join("\n");
}

function json({ plan, checks, problem }: LabLook): string {
  const healthy = problem === undefined && checks.every((check) => check.healthy);
  return JSON.stringify({ stack: plan.stack, healthy, ...counts(checks), checks, problem }, null, 2);
}

function exitStatus({ checks, problem }: LabLook): number {
  if (problem !== undefined) return 2;
  const { failed, unknown } = counts(checks);
  return failed > 0 ? 1 : unknown > 0 ? 3 : 0;
}

void runCommand(usage, main, 2);
