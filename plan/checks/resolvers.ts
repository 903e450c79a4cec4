import { subnetNames } from "../fixed-networks";
import { setCommand } from "../problems";
import type { Check } from "./check";

/** A resolver that is the gateway itself would ask itself for ever. */
export const checkResolvers: Check = ({ configuration, defaults }) => {
  const { upstreamResolvers, networks } = configuration;
  return upstreamResolvers.flatMap((resolver, i) =>
    subnetNames
      .filter((name) => networks[name].gateway === resolver)
      .map((name) => ({
        key: `upstreamResolvers[${i}]`,
        value: resolver,
        reason: `that is the lab's own gateway in ${name}, which would ask itself`,
        allowed: "resolvers outside the lab",
        fix: setCommand(`upstreamResolvers[${i}]`, defaults.upstreamResolvers[0]),
        dependsOn: [`networks.${name}.gateway`, `networks.${name}.cidr`],
      })),
  );
};
