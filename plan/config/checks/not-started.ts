import { machineNames } from "../../machine-names";
import { setCommand } from "../problems";
import type { ConfigurationCheck } from "./check";

/** Who is made and not started is a worker: the cluster comes up without it. */
export const checkNotStarted: ConfigurationCheck = ({ configuration }) => {
  const names = machineNames(configuration);
  const workers = names.filter(({ role }) => role === "worker").map(({ name }) => name);
  return configuration.workers.notStarted.flatMap((value, i) => {
    if (workers.includes(value)) return [];
    const key = `workers.notStarted[${i}]`;
    return [
      {
        key,
        value,
        reason: names.some(({ name }) => name === value)
          ? "the cluster would not come up without it"
          : `no worker of the lab is called ${value}`,
        allowed:
          workers.length === 0 ? "nothing, since there are no workers" : `one of ${workers.join(", ")}`,
        fix: setCommand(key, workers.at(-1) ?? ""),
        dependsOn: ["names", "workers.count"],
      },
    ];
  });
};
