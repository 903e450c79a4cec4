import type * as command from "@pulumi/command";
import type * as pulumi from "@pulumi/pulumi";
import { labReleasesEnvironment } from "../hypervisor/environment";
import { gatewayOf } from "../plan/endpoint";
import { covers, parseReleases, releasesOf } from "../plan/releases";
import { guestAccess } from "./guest-access";
import { LabComponent } from "./lab-component";
import { nodesOf, releasesOn } from "./living-releases";
import { localCommand } from "./local-command";
import type { Node } from "./node";
import { observationOf } from "./observation";
import type { Site } from "./site";

export interface DeliveredReleasesArgs {
  site: Site;
  /** The way in. */
  gateway: Node;
}

/**
 * The images of what the plan wants, on every master and worker that lives, before one of them is brought to it: what masters then
 * roll out runs on all. Machines that are made have them from their birth.
 */
export class DeliveredReleases extends LabComponent {
  /** Done once every machine has them. */
  readonly command: command.local.Command;

  constructor(
    name: string,
    { site, gateway }: DeliveredReleasesArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("Releases", name, opts);
    const { plan, observations, network } = site;
    const wanted = releasesOf(plan);
    const lacking = nodesOf(plan).filter((machine) => {
      const observation = observationOf(observations, machine.name);
      return observation.state === "running" && !covers(parseReleases(releasesOn(observation)), wanted);
    });
    this.command = localCommand(
      `${name}-images`,
      {
        ensure: "releases ensure",
        environment: labReleasesEnvironment(plan),
        stdin: guestAccess(site, gatewayOf(plan), lacking),
      },
      {
        parent: this,
        dependsOn: lacking.length > 0 ? [gateway.command] : [network.command],
        // Which machines lack something is a question of the moment.
        ignoreChanges: lacking.length > 0 ? [] : ["stdin"],
        customTimeouts: { create: "60m", update: "60m" },
      },
    );
    this.registerOutputs({});
  }
}
