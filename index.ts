import { cpus, totalmem } from "node:os";
import * as pulumi from "@pulumi/pulumi";
import { baseDiskFor } from "./components/base-disk";
import { Lab } from "./components/lab";
import { readChoice } from "./hypervisor/choice";
import { observe } from "./hypervisor/reality";
import { parseConfiguration } from "./plan/config";
import { givenAuthorities } from "./plan/given-authorities";
import { rawConfiguration } from "./plan/stack-configuration";
import { planLab } from "./plan/topology";

// The SDK takes several stack traces per resource; mapping each to TypeScript's lines is half the program's time.
Reflect.deleteProperty(Error, "prepareStackTrace");

/** What the lab is compared with. `npm run up` looks at the disk, too, before anything is made. */
const host = {
  cpus: cpus().length,
  memoryMiB: Math.floor(totalmem() / 2 ** 20),
  diskGiB: Number.POSITIVE_INFINITY,
};

/** Configuration → plan → what is there already → the lab → what a person gets of it. */
export = async () => {
  const stack = pulumi.getStack();
  const raw = rawConfiguration(pulumi.runtime.allConfig());
  const configuration = parseConfiguration(raw, host, stack, readChoice(process.cwd()));
  const plan = planLab(configuration, stack);
  const baseDisk = baseDiskFor(plan);
  const lab = new Lab("lab", {
    plan,
    observations: await observe(plan, baseDisk.template),
    baseDisk,
    givenAuthorities: givenAuthorities(configuration),
  });
  return lab.outputs;
};
