import { ownWorkerFaults } from "../own-workers";
import { removeCommand } from "../problems";
import type { ConfigurationCheck } from "./check";

/** What single workers have of their own can be had, and is for workers of the lab. */
export const checkOwnWorkers: ConfigurationCheck = ({ configuration }) =>
  ownWorkerFaults(configuration).map((fault) => ({
    ...fault,
    fix: removeCommand(fault.key),
    dependsOn: ["names", "workers.count"],
  }));
