import * as pulumi from "@pulumi/pulumi";
import type { OwnArchive } from "../hypervisor/containers/own-archives";
import { ownImages, requireLoaded } from "../hypervisor/containers/wanted-images";
import { readOutside } from "../hypervisor/guest/outside";
import { readOwnSources } from "../hypervisor/guest/own-sources";
import { readAddedForwards } from "../hypervisor/reality/added-forwards";
import { LOOK_BOUND } from "../hypervisor/reality/inside";
import { observe } from "../hypervisor/reality/reality";
import { thisHost } from "../lib/host";
import { RemedyError } from "../lib/remedy-error";
import type { Configuration } from "../plan/config/defaults";
import { ownParts } from "../plan/config/own-parts";
import { ConfigurationError } from "../plan/config/problems";
import { registryLogins } from "../plan/config/registries";
import { givenAuthorities } from "../plan/given-authorities";
import { hasNoSettings } from "../plan/kubernetes-settings";
import type { LabPlan } from "../plan/lab-plan";
import type { Outside } from "../plan/outside";
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
    requireGoodSettings(plan),
  ]);
  return {
    plan,
    incarnation: lab.incarnation,
    observations,
    baseDisk,
    givenAuthorities: givenAuthorities(configuration),
    archives,
    own: ownDeliveries(configuration, plan),
    outside: outsideOf(configuration, plan),
  };
}

/** @throws pulumi.RunError with every file that cannot be had */
function ownDeliveries(configuration: Configuration, { ownSources }: LabPlan): NonNullable<LabArgs["own"]> {
  try {
    const sources = readOwnSources(thisHost().project, ownSources);
    return new Map([...ownParts(configuration)].map(([name, part]) => [name, { part, sources }]));
  } catch (error) {
    throw asRunError(error);
  }
}

/** @throws pulumi.RunError with every PEM file that cannot be had */
function outsideOf(configuration: Configuration, plan: LabPlan): Outside {
  try {
    return readOutside(thisHost().project, plan, registryLogins(configuration));
  } catch (error) {
    throw asRunError(error);
  }
}

function asRunError(error: unknown): unknown {
  return error instanceof RemedyError ? new pulumi.RunError(`${error.message}\n${error.remedy}`) : error;
}

/** @throws pulumi.RunError with every setting that Kubernetes' programs refuse */
async function requireGoodSettings(plan: LabPlan): Promise<void> {
  if (hasNoSettings(plan.kubernetes.settings)) return;
  // Of no use to most labs, and all wait for it.
  const {
    refusedSettings,
  }: typeof import("../hypervisor/preflight/settings") = require("../hypervisor/preflight/settings");
  const problems = await refusedSettings(plan);
  if (problems.length > 0) throw new pulumi.RunError(new ConfigurationError(problems).message);
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
