import * as pulumi from "@pulumi/pulumi";
import { baseDiskFor } from "./components/base-disk";
import { Lab } from "./components/lab";
import { stackConfiguration } from "./components/stack-configuration";
import { observe } from "./hypervisor/reality";
import { givenAuthorities } from "./plan/given-authorities";
import { planLab } from "./plan/topology";

// The SDK takes several stack traces per resource; mapping each to TypeScript's lines is half the program's time.
Reflect.deleteProperty(Error, "prepareStackTrace");

/** Configuration → plan → what is there already → the lab → what a person gets of it. */
export = async () => {
  const configuration = stackConfiguration();
  const plan = planLab(configuration, pulumi.getStack());
  const baseDisk = baseDiskFor(plan);
  const lab = new Lab("lab", {
    plan,
    observations: await observe(plan, baseDisk.template),
    baseDisk,
    givenAuthorities: givenAuthorities(configuration),
  });
  return lab.outputs;
};
