import { writeFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { picture } from "../ui/picture";
import { fail, parseStackArguments } from "./command-line";
import { endingSignal, keyboardEnding, unlessEnded } from "./ending";
import { type LabLook, LabWatcher } from "./lab-watcher";
import { openScreen } from "./screen";
import { setUpEngine } from "./set-up";
import { Stack } from "./stack";
import { fittedStatusText, type Size, statusText } from "./status-text";

/** Between the end of a look and the next, so that looking does not become the lab's main work. */
const pauseMs = 5000;

/**
 * `npm run status [-- --stack NAME] [--json] [--watch] [--svg FILE]`: machines, nodes, etcd members, virtual IP, HAProxy
 * backends, Gluster and certificates in one table; `--watch` again and again, until q or Ctrl-C; `--svg` the topology too.
 * Ends with 0 when all is healthy, 1 when something is not, 2 when there is no lab to look at.
 */
async function main(): Promise<void> {
  const { stack: name, rest } = parseStackArguments(process.argv.slice(2));
  const { values } = parseArgs({
    args: rest,
    options: {
      json: { type: "boolean", default: false },
      watch: { type: "boolean", default: false },
      svg: { type: "string" },
    },
  });
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
    process.exitCode = exitStatus(look);
  } finally {
    await watcher.close();
  }
}

async function watch(
  watcher: LabWatcher,
  options: { json: boolean; svg?: string | undefined },
): Promise<void> {
  const { signal, restore } = keyboardEnding(process.stdin, endingSignal());
  const screen = openScreen(process.stdout);
  try {
    if (process.stdout.isTTY) screen.show(() => `Looking at the lab …`);
    while (!signal.aborted) {
      const look = await unlessEnded(watcher.look(), signal);
      if (look === undefined) break;
      writePicture(look, options.svg);
      screen.show((size) => (options.json ? json(look) : watchedText(look, size)));
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
  return JSON.stringify({ stack: plan.stack, healthy, checks, problem }, null, 2);
}

function exitStatus({ checks, problem }: LabLook): number {
  if (problem !== undefined) return 2;
  return checks.every(({ healthy }) => healthy) ? 0 : 1;
}

main().catch(fail(2));
