import { contains, isAddress, rangeOf } from "../../../lib/addresses";
import { subnetNames } from "../../fixed-networks";
import { type Problem, removeCommand, setCommand } from "../problems";
import type { CheckInput, ConfigurationCheck } from "./check";

/** What the gateway asks is outside: an address of the lab's own subnets leads into the lab, not to the router at home. */
export const checkResolvers: ConfigurationCheck = (input) =>
  // The stand-in's gateway asks nobody.
  input.configuration.hypervisor === "embedded"
    ? []
    : (["upstreamResolvers", "timeServers"] as const).flatMap((key) =>
        input.configuration[key].flatMap((server, i) =>
          isAddress(server) ? inTheLab(input, `${key}[${i}]`, server, input.defaults[key][0]) : [],
        ),
      );

function inTheLab(
  { configuration: { networks } }: CheckInput,
  key: string,
  server: string,
  fallback: string | undefined,
): Problem[] {
  return subnetNames
    .filter((name) => contains(rangeOf(networks[name].cidr), server))
    .map((name) => ({
      key,
      value: server,
      reason:
        networks[name].gateway === server
          ? `that is the lab's own gateway in ${name}, which would ask itself`
          : `it lies in the lab's own network ${name}, ${networks[name].cidr}, where only machines of the lab are`,
      allowed: "servers outside the lab",
      fix: fallback === undefined ? removeCommand(key) : setCommand(key, fallback),
      dependsOn: [`networks.${name}.gateway`, `networks.${name}.cidr`],
    }));
}
