import { portHindrance } from "../../hypervisor/network/host-ports";
import { RemedyError } from "../../lib/remedy-error";
import { firstHostPort, lastPort } from "../../plan/forwards";
import type { ForwardPlan } from "../../plan/lab-plan";

/** Added to a port that only an administrator may listen on: 80 becomes 8080, 443 becomes 8443. */
const MOVE = 8000;

/** The port that `--host-port` gives. @throws RemedyError where it is none. */
export function readHostPort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port >= firstHostPort && port <= lastPort) return port;
  throw new RemedyError(
    `--host-port ${text} is no port that a lab forwards.`,
    `Take a whole number from ${firstHostPort} to ${lastPort}.`,
  );
}

/** @throws RemedyError where the lab, or another program, has the port. */
export async function requireHostPort(
  port: number,
  address: string,
  planned: readonly ForwardPlan[],
  hindrance = portHindrance,
): Promise<void> {
  const owner = ownerOf(port, planned);
  const found = owner ?? (await hindrance(address, port));
  if (found === undefined) return;
  throw new RemedyError(
    `Port ${port} of ${address} is ${owner === undefined ? found : `the lab's for ${owner}`}; nothing was changed.`,
    "Choose another by --host-port, or leave that out for one that is free.",
  );
}

/**
 * The first free port from the target's own on, or from 8000 more where that is an administrator's.
 * @throws RemedyError where there is none
 */
export async function freeHostPort(
  targetPort: number,
  address: string,
  planned: readonly ForwardPlan[],
  hindrance = portHindrance,
): Promise<number> {
  const first = targetPort < firstHostPort ? targetPort + MOVE : targetPort;
  for (let port = first; port <= lastPort; port++) {
    if (ownerOf(port, planned) !== undefined) continue;
    if ((await hindrance(address, port)) === undefined) return port;
  }
  throw new RemedyError(`No port of ${address} from ${first} on is free.`, "Choose one by --host-port.");
}

/** The gateway takes a forward by a number of its own, which is that of the host for the user's. */
function ownerOf(port: number, planned: readonly ForwardPlan[]): string | undefined {
  const owner = planned.find(({ hostPort, guestPort }) => hostPort === port || guestPort === port);
  return owner && (owner.about ?? owner.name);
}
