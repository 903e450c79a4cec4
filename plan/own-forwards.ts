import { isAddress } from "../lib/addresses";
import { type AddedForward, type PortForward, parsePortForward } from "./forwards";
import type { ForwardPlan } from "./lab-plan";

/** What the user's own forwards are planned from. */
export interface OwnForwards {
  /** `hostAccess.forwards` */
  configured: readonly string[];
  /** What `npm run forward` has added to the living lab. */
  added: readonly AddedForward[];
  /** `hostAccess.address` */
  hostAddress: string;
  /** Address of a machine by its name; undefined for a name that no machine has. */
  addressOf: (machine: string) => string | undefined;
}

/**
 * The user's own forwards, without those that have a port of the lab's or of an earlier one, or that lead to a machine which is no
 * more: the configuration's checks refuse such entries, and what was added to a lab is not to keep it from a change.
 * @param labs the lab's own forwards
 */
export function ownForwards(
  { configured, added, hostAddress, addressOf }: OwnForwards,
  labs: readonly ForwardPlan[],
): ForwardPlan[] {
  const wanted: (PortForward & { about: string })[] = [
    ...configured
      .flatMap((text) => parsePortForward(text) ?? [])
      .map((forward) => ({ ...forward, about: `${forward.target}:${forward.port}` })),
    ...added,
  ];
  const taken = new Set(labs.flatMap(({ hostPort, guestPort }) => [hostPort, guestPort]));
  return wanted.flatMap(({ hostPort, target, port, about }): ForwardPlan[] => {
    const address = isAddress(target) ? target : addressOf(target);
    if (address === undefined || taken.has(hostPort)) return [];
    taken.add(hostPort);
    const name = `port${hostPort}` as const;
    // The gateway takes it by the same number.
    return [{ name, hostAddress, hostPort, guestPort: hostPort, target: { address, port }, about }];
  });
}
