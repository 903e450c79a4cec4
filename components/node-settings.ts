import * as command from "@pulumi/command";
import type * as pulumi from "@pulumi/pulumi";
import { connectionTo } from "./connection";
import type { Machine } from "./machine";
import type { Site } from "./site";

/**
 * Labels and taints of workers that have joined, by the first master: it came up before they did. What changes on nodes that are there
 * masters bring along with their other files. Without any there is no such resource.
 */
export function nodeSettingsOn(
  name: string,
  { site, machines }: { site: Site; machines: readonly Machine[] },
  opts: pulumi.CustomResourceOptions,
): void {
  const [master] = machines.filter(({ plan }) => plan.role === "master");
  const joined = machines.flatMap(({ plan, node }) =>
    node !== undefined && (plan.labels !== undefined || plan.taints !== undefined) ? [node] : [],
  );
  if (master?.node === undefined || joined.length === 0) return;
  new command.remote.Command(
    name,
    {
      connection: connectionTo(site, master.plan),
      create: "sudo kube-lab nodes",
      // A machine that is recreated joins as another node.
      triggers: joined.map((node) => node.command.id),
      addPreviousOutputInEnv: false,
    },
    {
      ...opts,
      dependsOn: [master.node.command, ...joined.map((node) => node.command)],
      deletedWith: site.network.command,
      customTimeouts: { create: "10m" },
    },
  );
}
