import { LabUnderTest } from "./lab-under-test";

/** The one lab of all subjects; there as soon as the first test runs. */
export let lab: LabUnderTest;

export async function bringUp(): Promise<void> {
  lab = await LabUnderTest.create("lab-test");
  const addons = ["metricsServer", "metalLb", "headlamp", "traefik"].map((name) => [name, { enabled: true }]);
  const own = {
    files: [{ path: "/etc/own.conf", content: "own\n" }],
    commands: ["echo once >>/root/own-command"],
  };
  await lab.configure({
    addons: Object.fromEntries(addons),
    cloudInit: { workers: own },
    // As in a lab of before: its own test switches that on for all that follows.
    kubernetes: { encryptionAtRest: false },
  });
  await lab.up();
  // Its image can't be had everywhere, and a pod that waits for one is rightly no part of a healthy lab.
  await lab.kubectl.run(["scale", "deployment", "headlamp", "--namespace=headlamp", "--replicas=0"]);
}
