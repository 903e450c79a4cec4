import { setTimeout as pause } from "node:timers/promises";
import { cutPower } from "../../hypervisor/machine/lab-power";
import { wishRenewal } from "../../hypervisor/machine/renewal";
import { startLab } from "../../scripts/start/start-lab";
import { keptThings } from "../lab/ageing";
import { eventuallyHealthy, readyNodes, referenceNodes } from "../lab/health";
import { bringUp, lab } from "../lab/the-lab";
import { lossTests } from "./losses";
import { smallLabTests } from "./small-lab";
import { snapshotTests } from "./snapshots";

jest.setTimeout(15 * 60_000);

/** When an `up` is killed, in milliseconds after its begin: while it plans, and while one machine after another goes. */
const moments = [3_000, 9_000, 15_000, 22_000, 30_000];

describe("the reference lab", () => {
  beforeAll(bringUp, 60 * 60_000);

  afterAll(async () => {
    await lab?.down();
  });

  lossTests();
  snapshotTests();

  test("loses nothing when up is killed five times and the power fails while all machines are recreated", async () => {
    const before = await keptThings();
    const { vbox, outputs } = await lab.existing();
    const machines = outputs.machines.map(({ hypervisorName }) => hypervisorName);
    await wishRenewal(vbox, machines, "2026-01-01T00:00:00Z");
    await lab.close();
    for (const moment of moments) await lab.killedUp(pause(moment));
    await lab.killedUp(pause(20_000));
    await cutPower(vbox, outputs.machines);
    // A machine that was just gone when the power failed is told of, and made by the next up.
    await startLab(await lab.existing()).catch(({ message }: Error) => console.log(message));
    await lab.up();
    await eventuallyHealthy();
    expect(await keptThings()).toEqual(before);
    expect(await readyNodes()).toEqual(referenceNodes);
    expect(await lab.stack.text(["preview", "--expect-no-changes"])).not.toMatch(/^\s*[-+~]/m);
  });
});

describe("a small lab", smallLabTests);
