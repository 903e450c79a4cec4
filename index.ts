import "./components/stack-traces";
import "./components/lean-sdk";
import { labArgs } from "./components/lab-args";

/** Configuration → plan → what is there already → the lab → what a person gets of it. */
export = async () => {
  const args = labArgs();
  // Loaded while the hypervisor answers.
  const { Lab }: typeof import("./components/lab") = require("./components/lab");
  return new Lab("lab", await args).outputs;
};
