import { LabUnderTest } from "./lab-under-test";

/** Key of the label and of the taint that one worker has of its own. */
export const ownLabel = "example.com/disk";

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
    workers: {
      machines: {
        "kube-node03": { labels: { [ownLabel]: "ssd" }, taints: [`${ownLabel}=ssd:PreferNoSchedule`] },
      },
    },
  });
  await lab.up();
  // Its image can't be had everywhere, and a pod that waits for one is rightly no part of a healthy lab.
  await lab.kubectl.run(["scale", "deployment", "headlamp", "--namespace=headlamp", "--replicas=0"]);
}
