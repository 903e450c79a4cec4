import { removeCommand } from "../problems";
import { registryFaults } from "../registries";
import type { ConfigurationCheck } from "./check";

/** What is said of registries is whole, and such that containerd takes it. */
export const checkRegistries: ConfigurationCheck = ({ configuration }) =>
  registryFaults(configuration).map((fault) => ({ ...fault, fix: removeCommand(fault.key) }));
