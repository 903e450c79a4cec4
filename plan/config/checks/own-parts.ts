import { partFaults } from "../own-parts";
import { removeCommand } from "../problems";
import type { ConfigurationCheck } from "./check";

/** What the configuration adds to machines by `cloudInit` can be written and run, and is for machines of the lab. */
export const checkOwnParts: ConfigurationCheck = ({ configuration }) =>
  partFaults(configuration).map((fault) => ({
    ...fault,
    fix: removeCommand(fault.key),
    dependsOn: ["names", "loadBalancers.count", "masters.count", "workers.count", "gluster.count"],
  }));
