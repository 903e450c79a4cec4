import * as pulumi from "@pulumi/pulumi";
import type { ImageDelivery } from "../hypervisor/containers/delivery";
import type { OwnArchive } from "../hypervisor/containers/own-archives";
import { ownImagesEnvironment } from "../hypervisor/environment";
import type { GuestAccess } from "../hypervisor/guest/guest-access";
import { gatewayOf } from "../plan/endpoint";
import { type LabPlan, type MachinePlan, nodesForPods } from "../plan/lab-plan";
import { guestAccess } from "./guest-access";
import { nodesOf } from "./living-releases";
import { localCommand } from "./local-command";
import type { Machine } from "./machine";
import { observationOf } from "./observation";
import type { Site } from "./site";
import { waitsForStart } from "./waiting";

export interface OwnImagesArgs {
  site: Site;
  /** All of the lab. */
  machines: readonly Machine[];
  archives: readonly OwnArchive[];
}

/**
 * A person's own images, on every machine that is to have them once it has converged: also on one that comes later or is recreated.
 * Without any there is no such resource, and the last one's going takes them away again.
 */
export function ownImagesOn(
  name: string,
  { site, machines, archives }: OwnImagesArgs,
  opts: pulumi.CustomResourceOptions,
): void {
  if (archives.length === 0) return;
  const { plan, observations, network } = site;
  const nodes = nodesOf(plan)
    .filter((machine) => wantedOn(plan, machine, archives).length > 0)
    .filter((machine) => !waitsForStart(machine, observationOf(observations, machine.name)));
  const wanted = Object.fromEntries(
    nodes.map((machine) => [machine.name, wantedOn(plan, machine, archives).map(({ sha256 }) => sha256)]),
  );
  const delivery = guestAccess(site, gatewayOf(plan), nodes).apply((access) => {
    const all: ImageDelivery = { ...(JSON.parse(access) as GuestAccess), archives: [...archives], wanted };
    return JSON.stringify(all);
  });
  const incarnationOf = (machine: MachinePlan) => observationOf(observations, machine.name).incarnation;
  localCommand(
    name,
    {
      ensure: "images ensure",
      absent: "images absent",
      environment: ownImagesEnvironment(archives, nodes, incarnationOf),
      stdin: pulumi.secret(delivery),
    },
    {
      ...opts,
      // Its containerd has to run, and the gateway has to lead to it.
      dependsOn: machines.flatMap(({ node }) => node?.command ?? []),
      // They go with the machines.
      deletedWith: network.command,
      customTimeouts: { create: "120m", update: "120m", delete: "30m" },
    },
  );
}

function wantedOn(plan: LabPlan, machine: MachinePlan, archives: readonly OwnArchive[]): OwnArchive[] {
  const takesPods = nodesForPods(plan).includes(machine);
  return archives.filter(({ on }) => on === "nodes" || takesPods);
}
