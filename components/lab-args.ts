import * as pulumi from "@pulumi/pulumi";
import type { OwnArchive } from "../hypervisor/containers/own-archives";
import { ownImages, requireLoaded } from "../hypervisor/containers/wanted-images";
import { readOwnSources } from "../hypervisor/guest/own-sources";
import { readAddedForwards } from "../hypervisor/reality/added-forwards";
import { LOOK_BOUND } from "../hypervisor/reality/inside";
import { observe } from "../hypervisor/reality/reality";
import { thisHost } from "../lib/host";
import { RemedyError } from "../lib/remedy-error";
import type { Configuration } from "../plan/config/defaults";
import { ownParts } from "../plan/config/own-parts";
import { givenAuthorities } from "../plan/given-authorities";
import type { LabPlan } from "../plan/lab-plan";
import { planLab } from "../plan/plan";
import { baseDiskFor, imageChoice } from "./base-disk";
import type { LabArgs } from "./lab";
import { stackConfiguration } from "./stack-configuration";

/**
 * What a lab is made from: the stack's configuration, and what there is already of it on this computer.
 * @param own keys of the configuration that come before the stack's, whole top-level values: `{ workers: { count: 2 } }`
 * @throws pulumi.RunError with every problem of the configuration; what the look at the hypervisor does
 */
export async function labArgs(own: Readonly<Record<string, unknown>> = {}): Promise<LabArgs> {
  const { configuration, lab } = await stackConfiguration(own);
  const stack = pulumi.getStack();
  const plan = planLab(configuration, stack, readAddedForwards(stack));
  const baseDisk = baseDiskFor(plan);
  const bound = LOOK_BOUND[pulumi.runtime.isDryRun() ? "preview" : "update"];
  const [observations, archives] = await Promise.all([
    observe(plan, imageChoice(plan, baseDisk), lab.folder, bound),
    archivesFor(plan),
  ]);
  return {
    plan,
    incarnation: lab.incarnation,
    observations,
    baseDisk,
    givenAuthorities: givenAuthorities(configuration),
    archives,
    own: ownDeliveries(configuration, plan),
  };
}

/** @throws pulumi.RunError with every file that cannot be had */
function ownDeliveries(configuration: Configuration, { ownSources }: LabPlan): NonNullable<LabArgs["own"]> {
  try {
    const sources = readOwnSources(process.cwd(), ownSources);
    return new Map([...ownParts(configuration)].map(([name, part]) => [name, { part, sources }]));
  } catch (error) {
    throw asRunError(error);
  }
}

function asRunError(error: unknown): unknown {
  return error instanceof RemedyError ? new pulumi.RunError(`${error.message}\n${error.remedy}`) : error;
}

/** @throws pulumi.RunError with every archive that cannot be had */
async function archivesFor(plan: LabPlan): Promise<OwnArchive[]> {
  try {
    const { project } = thisHost();
    const { configured, loaded } = await ownImages(project, plan.stack, plan.imageArchives);
    requireLoaded(project, loaded);
    return [...configured, ...loaded];
  } catch (error) {
    throw asRunError(error);
  }
}
