import type { WantedHostOnly } from "../network/host-only";
import { incarnationIn, type LabSpecification, labIn } from "./lab";
import { Reader } from "./reader";

export interface NetworkSpecification extends LabSpecification {
  incarnation: string;
  /** What the lab is made with, see plan/config/changes.ts. */
  madeWith: Record<string, string>;
  /** Host-only network with the host's own address in it; absent where the lab has none. */
  hostOnly?: WantedHostOnly;
  /** The machines that the lab is to have. */
  members?: string[];
}

const ADDRESS = /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!$)|$)){4}$/;

/** By the names that the plan gives its keys. */
function madeWithIn(reader: Reader): Record<string, string> {
  const prefix = "MADE_WITH_";
  return Object.fromEntries(
    reader
      .names()
      .filter((name) => name.startsWith(prefix))
      .sort()
      .map((name) => [name.slice(prefix.length), reader.optional(name) ?? ""]),
  );
}

/** For `network ensure`. @throws SpecificationError with every problem. */
export function readNetworkSpecification(environment: NodeJS.ProcessEnv): NetworkSpecification {
  const reader = new Reader(environment);
  const name = reader.optional("HOST_INTERFACE");
  const members = reader.optional("MEMBERS")?.split(" ");
  const hasHostOnly = name !== undefined || reader.optional("HOST_ADDRESS") !== undefined;
  return reader.finish({
    ...labIn(reader),
    ...(members === undefined ? {} : { members }),
    incarnation: incarnationIn(reader),
    madeWith: madeWithIn(reader),
    ...(hasHostOnly && {
      hostOnly: {
        ...(name !== undefined && { name }),
        address: reader.text("HOST_ADDRESS", ADDRESS, "an IPv4 address"),
        prefixLength: reader.integer("HOST_PREFIX_LENGTH", 8, 30),
      },
    }),
  });
}
