import { setCommand } from "../problems";
import type { ConfigurationCheck } from "./check";

/** The service pool lies in network `node`: only a worker can answer for an address of it. */
export const checkAddons: ConfigurationCheck = ({ configuration: { addons, workers } }) =>
  addons.metalLb.enabled && workers.count === 0
    ? [
        {
          key: "addons.metalLb.enabled",
          value: true,
          reason: "the service pool is in network node, where there is no worker to answer for its addresses",
          allowed: "false without workers",
          fix: setCommand("workers.count", 1),
          dependsOn: ["workers.count"],
        },
      ]
    : [];
