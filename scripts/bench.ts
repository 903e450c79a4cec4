import { cpus, totalmem } from "node:os";
import { sandboxObstacle, sandboxPrograms } from "../test/virtualbox/sandbox";
import { startByHand } from "./bench/by-hand";
import { creation } from "./bench/creation";
import { emptyProgram } from "./bench/empty-program";
import { availableMemoryMiB } from "./bench/memory";
import { medians, seconds } from "./bench/time";
import { fail } from "./command-line";
import { ensureHostPackages } from "./host-packages";
import { LabShell } from "./lab-shell";
import { type SetUp, setUp } from "./set-up";
import { Stack } from "./stack";

/** Of each, in turn: a computer that is shared changes its speed within minutes. */
const runs = 9;
const stackName = "bench";

/** The bounds that the lab is held to; each is a ratio of two figures of the same run, or a size. */
const bounds = {
  upToByHand: 0.8,
  engineFactor: 1.5,
  engineExtraSeconds: 2,
  memoryMiB: 12 * 1024,
  creationToOneByOne: 1 / 3,
};

/**
 * `npm run bench`: brings the reference lab up as a stack of its own and compares it with the same machines set up by hand,
 * the engine's work with an empty program's, and the making of VirtualBox machines with the usual way. Prints JSON; ends with 1
 * when a bound is not kept.
 */
async function main(): Promise<void> {
  const ready = await setUp(stackName);
  const stack = new Stack(stackName, ready);
  await stack.select();
  // A first lab makes the shared image, which is there from then on.
  const image = await seconds(() => stack.text(["up", "--yes", "--skip-preview"]));
  await stack.text(["destroy", "--yes", "--skip-preview"]);

  const availableBefore = availableMemoryMiB();
  const up = await seconds(() => stack.text(["up", "--yes", "--skip-preview"]));
  const outputs = await stack.outputs();
  const memoryMiB = availableBefore - availableMemoryMiB();
  const engine = await unchanged(stack, ready);

  const shell = new LabShell(outputs.access);
  const byHand = await startByHand(outputs, shell, ready).finally(() => shell.close());
  const destroy = await seconds(() => stack.text(["destroy", "--yes", "--skip-preview"]));
  await stack.remove();
  const machines = await virtualBoxMachines();

  const limit = (own: number) => bounds.engineFactor * own + bounds.engineExtraSeconds;
  const kept = {
    up: up <= bounds.upToByHand * byHand,
    preview: engine.preview <= limit(engine.emptyPreview),
    secondUp: engine.secondUp <= limit(engine.emptyUp),
    memory: memoryMiB <= bounds.memoryMiB,
    ...(machines ? { creation: machines.ratio <= bounds.creationToOneByOne } : {}),
  };
  const computer = {
    cpus: cpus().length,
    memoryMiB: Math.floor(totalmem() / 2 ** 20),
    hypervisor: ready.plan.hypervisor,
  };
  const figures = {
    firstUp: image,
    up,
    byHand,
    upToByHand: up / byHand,
    ...engine,
    destroy,
    memoryMiB,
    creation: machines,
  };
  console.log(JSON.stringify({ computer, seconds: figures, bounds, kept }, rounded, 2));
  process.exitCode = Object.values(kept).every(Boolean) ? 0 : 1;
}

/** The lab as it is, and a program without resources. */
async function unchanged(lab: Stack, ready: SetUp) {
  const empty = await emptyProgram(ready);
  const up = (stack: Stack) => () => stack.text(["up", "--yes", "--skip-preview"]);
  const figures = await medians(runs, {
    preview: () => lab.text(["preview"]),
    emptyPreview: () => empty.stack.text(["preview"]),
    secondUp: up(lab),
    emptyUp: up(empty.stack),
  });
  await empty.remove();
  return figures;
}

/** By the real VirtualBox; undefined, with a word why, where it can't be had. */
async function virtualBoxMachines() {
  ensureHostPackages([...new Set(Object.values(sandboxPrograms))]);
  return sandboxObstacle() === undefined ? creation() : undefined;
}

function rounded(_: string, value: unknown): unknown {
  return typeof value === "number" ? Math.round(value * 100) / 100 : value;
}

main().catch(fail(2));
