import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildProgram, standInObstacle } from "../embedded/program";
import { openSandbox, sandboxObstacle } from "./sandbox";
import { changing } from "./script/changing";
import { openLaboratory } from "./script/laboratory";
import { leftovers } from "./script/leftovers";
import { making } from "./script/making";
import { preparing } from "./script/preparing";
import { removing } from "./script/removing";
import { play, type Step } from "./script/step";
import type { View } from "./script/view";

const describeHere = (sandboxObstacle() ?? standInObstacle()) === undefined ? describe : describe.skip;
const script: Step[] = [...making, ...changing, ...leftovers, ...removing, ...preparing];

describeHere("our code, on the real VBoxManage and the stand-in alike:", () => {
  let real: Map<string, View>;
  let standIn: Map<string, View>;

  beforeAll(async () => {
    real = await playReal();
    standIn = await playStandIn();
  }, 900_000);

  it.each(script.map((step) => [step.name, step] as const))("%s", (name, step) => {
    const view = real.get(name);
    if (!view) throw new Error(`The script did not come to ${name}.`);
    step.expect(view);
    expect(standIn.get(name)).toEqual(view);
  });
});

async function playReal(): Promise<Map<string, View>> {
  const sandbox = await openSandbox((line) => process.stderr.write(`${line}\n`));
  try {
    await sandbox.keepService();
    const folder = join(sandbox.folder, "lab");
    return await play(script, await openLaboratory("virtualbox", sandbox.vboxManage, process.env, folder));
  } finally {
    await sandbox.remove();
  }
}

async function playStandIn(): Promise<Map<string, View>> {
  const program = buildProgram();
  const folder = mkdtempSync(join(tmpdir(), "kube-lab-script-"));
  try {
    const environment = { ...process.env, KUBE_LAB_EMBEDDED_FOLDER: program.folder };
    return await play(script, await openLaboratory("embedded", program.file, environment, folder));
  } finally {
    rmSync(folder, { recursive: true, force: true });
    await program.remove();
  }
}
