import "./components/lean-sdk";
import { labArgs } from "./components/lab-args";

// The SDK takes several stack traces per resource: mapping each to TypeScript's lines, and deep ones, is half the program's time.
Reflect.deleteProperty(Error, "prepareStackTrace");
Error.stackTraceLimit = 4;

/** Configuration → plan → what is there already → the lab → what a person gets of it. */
export = async () => {
  const args = labArgs();
  // Loaded while the hypervisor answers.
  const { Lab }: typeof import("./components/lab") = require("./components/lab");
  return new Lab("lab", await args).outputs;
};
