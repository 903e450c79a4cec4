import { LabUnderTest } from "./lab-under-test";

/** The one lab of all subjects; there as soon as the first test runs. */
export let lab: LabUnderTest;

export async function bringUp(): Promise<void> {
  lab = await LabUnderTest.create("lab-test");
  const addons = ["metricsServer", "metalLb", "headlamp", "traefik"].map((name) => [name, { enabled: true }]);
  await lab.configure({ addons: Object.fromEntries(addons) });
  await lab.up();
}
