import "./components/lean-sdk";
import * as pulumi from "@pulumi/pulumi";
import { baseDiskFor, imageChoice } from "./components/base-disk";
import { neededBaseDisk } from "./components/births";
import { stackConfiguration } from "./components/stack-configuration";
import { LOOK_BOUND } from "./hypervisor/reality/inside";
import { observe } from "./hypervisor/reality/reality";
import { givenAuthorities } from "./plan/given-authorities";
import { planLab } from "./plan/plan";

// The SDK takes several stack traces per resource: mapping each to TypeScript's lines, and deep ones, is half the program's time.
Reflect.deleteProperty(Error, "prepareStackTrace");
Error.stackTraceLimit = 4;

/** Configuration → plan → what is there already → the lab → what a person gets of it. */
export = async () => {
  const { configuration, lab: known } = await stackConfiguration();
  const plan = planLab(configuration, pulumi.getStack());
  const baseDisk = baseDiskFor(plan);
  const observations = observe(
    plan,
    imageChoice(plan, baseDisk),
    known.folder,
    LOOK_BOUND[pulumi.runtime.isDryRun() ? "preview" : "update"],
  );
  // Refused before anything is touched.
  if (baseDisk === undefined) neededBaseDisk(plan, await observations, baseDisk);
  // Loaded while the hypervisor answers.
  const { Lab }: typeof import("./components/lab") = require("./components/lab");
  const lab = new Lab("lab", {
    plan,
    incarnation: known.incarnation,
    observations,
    baseDisk,
    givenAuthorities: givenAuthorities(configuration),
  });
  return lab.outputs;
};
