import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { load } from "js-yaml";
import { thisHost } from "../lib/host";
import type { LivingLab } from "../plan/config/changes";

/** Name of the Pulumi project that makes the lab; undefined where that is the one beside this library. */
export function otherProgram(): string | undefined {
  const { name } = load(readFileSync(join(thisHost().project, "Pulumi.yaml"), "utf8")) as { name: string };
  return pulumi.getProject() === name ? undefined : pulumi.getProject();
}

/**
 * Machines are named after the stack alone: a stack of the same name in another project means the same machines, and has no keys for
 * them.
 * @throws pulumi.RunError where the lab that lives was made by another program; nothing is touched then.
 */
export function refuseLabOfAnotherProgram(stack: string, living: LivingLab): void {
  // Of a lab whose record is lost only its hypervisor is known.
  if (Object.keys(living).length <= 1 || living.PROGRAM === otherProgram()) return;
  const maker = living.PROGRAM ?? `that in ${thisHost().project}`;
  throw new pulumi.RunError(
    `The lab of stack ${stack} was made by another Pulumi program, ${maker}, which has its keys. Give the stack of this program another name: pulumi stack init NAME`,
  );
}
