import * as pulumi from "@pulumi/pulumi";
import { LOOK_BOUND } from "../hypervisor/reality/inside";
import { observe } from "../hypervisor/reality/reality";
import { givenAuthorities } from "../plan/given-authorities";
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
  const plan = planLab(configuration, pulumi.getStack());
  const baseDisk = baseDiskFor(plan);
  const bound = LOOK_BOUND[pulumi.runtime.isDryRun() ? "preview" : "update"];
  return {
    plan,
    incarnation: lab.incarnation,
    observations: await observe(plan, imageChoice(plan, baseDisk), lab.folder, bound),
    baseDisk,
    givenAuthorities: givenAuthorities(configuration),
  };
}
