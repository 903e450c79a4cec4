import { cpus, totalmem } from "node:os";
import { LabShell } from "../../lab/shell";
import { Stack } from "../../lab/stack/stack";
import { runCommand } from "../../lib/command-line";
import { ensureHostPackages } from "../../lib/debian-packages";
import { type SetUp, setUp } from "../../scripts/set-up/set-up";
import { sandboxObstacle, sandboxPrograms } from "../virtualbox/sandbox";
import { startByHand } from "./by-hand";
import { creation } from "./creation";
import { emptyProgram } from "./empty-program";
import { availableMemoryMiB } from "./memory";
import { middles, seconds } from "./time";

/** All that is compared is done in each round: a computer that is shared changes its speed within minutes. */
const rounds = 3;
/** Of the engine's figures in a round. */
const runs = 3;
const stackName = "bench";

/** The bounds that the lab is held to; each is a ratio of two figures of the same run, or a size. */
const bounds = {
  upToByHand: 0.8,
  engineFactor: 1.5,
  engineExtraSeconds: 2,
  memoryMiB: 12 * 1024,
  creationToOneByOne: 1 / 3,
};

const usage = {
  name: "bench",
  does: `measures the lab on this computer, as a stack of its own (${stackName}); prints JSON; ends with 1 when a bound is not kept`,
};

/**
 * Compares the reference lab with the same machines set up by hand, the engine's work with an empty program's, and the making
 * of VirtualBox machines with the usual way.
 */
async function main(): Promise<void> {
  const ready = await setUp(stackName);
  const stack = new Stack(stackName, ready);
  await stack.select();
  const empty = await emptyProgram(ready);
  // A first lab makes the shared image, which is there from then on.
  const firstUp = await measured("first up", up(stack));
  await stack.text(["destroy", "--yes", "--skip-preview"]);

  const figuresByRound: Awaited<ReturnType<typeof round>>[] = [];
  for (let i = 1; i <= rounds; i++) {
    console.error(`bench: round ${i} of ${rounds}`);
    figuresByRound.push(await round(stack, empty.stack, ready));
  }
  const { memoryMiB, ...middle } = middles(figuresByRound);
  await empty.remove();
  await stack.remove();
  const machines = await virtualBoxMachines();

  const limit = (own: number) => bounds.engineFactor * own + bounds.engineExtraSeconds;
  const kept = {
    up: middle.up <= bounds.upToByHand * middle.byHand,
    preview: middle.preview <= limit(middle.emptyPreview),
    secondUp: middle.secondUp <= limit(middle.emptyUp),
    memory: memoryMiB <= bounds.memoryMiB,
    ...(machines ? { creation: machines.ratio <= bounds.creationToOneByOne } : {}),
  };
  const computer = {
    cpus: cpus().length,
    memoryMiB: Math.floor(totalmem() / 2 ** 20),
    hypervisor: ready.plan.hypervisor,
  };
  const figures = {
    firstUp,
    ...middle,
    upToByHand: middle.up / middle.byHand,
    memoryMiB,
    creation: machines,
  };
  console.log(JSON.stringify({ computer, seconds: figures, bounds, kept }, rounded, 2));
  process.exitCode = Object.values(kept).every(Boolean) ? 0 : 1;
}

/** A lab's whole life, and beside it what it is compared with: the same machines set up by hand, a program without resources. */
async function round(lab: Stack, empty: Stack, ready: SetUp) {
  const availableBefore = availableMemoryMiB();
  const upSeconds = await measured("up", up(lab));
  const memoryMiB = [availableBefore - availableMemoryMiB()];
  const outputs = await lab.outputs();
  const engine = await unchanged(lab, empty);
  const shell = new LabShell(outputs.access);
  const byHand = await startByHand(outputs, shell, ready).finally(() => shell.close());
  report("by hand", byHand);
  const destroy = await measured("destroy", () => lab.text(["destroy", "--yes", "--skip-preview"]));
  return { up: [upSeconds], byHand: [byHand], ...engine, destroy: [destroy], memoryMiB };
}

/** The lab as it is, and the empty program; they alternate. */
async function unchanged(lab: Stack, empty: Stack) {
  const figures: Record<EngineFigure, number[]> = {
    preview: [],
    emptyPreview: [],
    secondUp: [],
    emptyUp: [],
  };
  for (let run = 0; run < runs; run++) {
    figures.preview.push(await measured("preview", preview(lab)));
    figures.emptyPreview.push(await measured("empty program's preview", preview(empty)));
    figures.secondUp.push(await measured("second up", up(lab)));
    figures.emptyUp.push(await measured("empty program's up", up(empty)));
  }
  return figures;
}

type EngineFigure = "preview" | "emptyPreview" | "secondUp" | "emptyUp";

const preview = (stack: Stack) => () => stack.text(["preview"]);
const up = (stack: Stack) => () => stack.text(["up", "--yes", "--skip-preview"]);

async function measured(what: string, work: () => Promise<unknown>): Promise<number> {
  const figure = await seconds(work);
  report(what, figure);
  return figure;
}

/** On standard error: standard output is JSON. */
function report(what: string, figure: number): void {
  console.error(`bench: ${what}, ${figure.toFixed(1)} s`);
}

/** By the real VirtualBox; undefined, with a word why, where it can't be had. */
async function virtualBoxMachines() {
  ensureHostPackages([...new Set(Object.values(sandboxPrograms))]);
  return sandboxObstacle() === undefined ? creation() : undefined;
}

function rounded(_: string, value: unknown): unknown {
  return typeof value === "number" ? Math.round(value * 100) / 100 : value;
}

void runCommand(usage, main, 2);
