import { spawnSync } from "node:child_process";
import net from "node:net";
import { RemedyError } from "../../lib/remedy-error";
import { together } from "../../lib/together";
import { inspect } from "../driver/inspect";
import type { VBoxManage } from "../driver/vboxmanage";
import { type ForwardSpecification, parseForwardRule } from "../machine/adapters";
import { forwardRules } from "../machine/hardware";
import type { LabMachine } from "../machine/lab-power";
import { isStopped } from "../machine/power";
import { shortName } from "../specification/lab";
import type { MachineSpecification } from "../specification/machine";

/** Why nobody could listen on an address and port of the host: somebody does already, or the address is not the host's. */
export type PortHindrance = "taken" | "no address of this computer";

const HINDRANCES: Readonly<Record<string, PortHindrance>> = {
  EADDRINUSE: "taken",
  EADDRNOTAVAIL: "no address of this computer",
};

/** What keeps a forward from its port. Listening on it ourselves is the only sure answer, and the same on every system. */
export function portHindrance(address: string, port: number): Promise<PortHindrance | undefined> {
  return new Promise((resolve) => {
    const server = net.createServer();
    server.once("error", (error: NodeJS.ErrnoException) => resolve(HINDRANCES[error.code ?? ""]));
    server.listen({ host: address, port, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}

/** What shows a person who listens on a port. */
export function listenerCommand(platform: NodeJS.Platform, port: number): string {
  if (platform === "win32") return `\`Get-NetTCPConnection -LocalPort ${port}\` shows it`;
  return platform === "darwin"
    ? `\`lsof -nP -iTCP:${port} -sTCP:LISTEN\` shows it`
    : `\`ss -ltnp sport = :${port}\` shows it`;
}

type HostSide = Pick<ForwardSpecification, "name" | "hostAddress" | "hostPort">;
type Hindered = HostSide & { hindrance: PortHindrance };

/**
 * To be called before machines are started: the hypervisor starts one whose forward finds its port taken, and nobody reaches it.
 * What machines that run hold is theirs.
 * @throws RemedyError with every such port, and who has it as far as the system tells.
 */
export async function requireFreePorts(
  vbox: VBoxManage,
  machines: readonly LabMachine[],
  hindrance = portHindrance,
): Promise<void> {
  const found = await together(machines, async ({ hypervisorName }) => {
    const info = await inspect(vbox, hypervisorName);
    if (info === undefined || !isStopped(info.get("VMState") ?? "")) return [];
    return hinderedOf(forwardsOf(info), hindrance);
  });
  refuse(found.flat(), "Nothing was touched.");
}

/**
 * The same for one machine as it is to be, before it is made, changed or started. The hypervisor is asked only where something is in
 * the way: it may be the machine itself.
 * @throws RemedyError as requireFreePorts does
 */
export async function requireOwnPorts(
  vbox: VBoxManage,
  wanted: Pick<MachineSpecification, "machine" | "group" | "forwards">,
  hindrance = portHindrance,
): Promise<void> {
  const found = await hinderedOf(wanted.forwards, hindrance);
  if (found.length === 0) return;
  const info = await inspect(vbox, wanted.machine);
  refuse(
    found.filter(({ hostPort }) => !holdsPort(info, hostPort)),
    `${shortName(wanted)} was not touched.`,
  );
}

/** Whether a machine runs and forwards that port of the host's, at whatever address: one of all addresses holds each. */
export function holdsPort(info: ReadonlyMap<string, string> | undefined, port: number): boolean {
  if (info === undefined || isStopped(info.get("VMState") ?? "")) return false;
  return forwardsOf(info).some(({ hostPort }) => hostPort === port);
}

function forwardsOf(info: ReadonlyMap<string, string>): HostSide[] {
  return forwardRules(info).flatMap((rule) => parseForwardRule(rule) ?? []);
}

async function hinderedOf(
  forwards: readonly HostSide[],
  hindrance: typeof portHindrance,
): Promise<Hindered[]> {
  const looked = forwards.map(async ({ name, hostAddress, hostPort }) => {
    const address = hostAddress || "0.0.0.0";
    const found = await hindrance(address, hostPort);
    return found === undefined ? [] : [{ name, hostAddress: address, hostPort, hindrance: found }];
  });
  return (await Promise.all(looked)).flat();
}

/** @param untouched what a person may rely on */
function refuse(found: readonly Hindered[], untouched: string): void {
  const taken = found.filter((forward) => forward.hindrance === "taken");
  const elsewhere = found.filter((forward) => forward.hindrance === "no address of this computer");
  if (found.length === 0) return;
  const lines = [
    ...taken.map(
      ({ name, hostAddress, hostPort }) =>
        `port ${hostPort} of ${hostAddress}, the lab's for ${name}, is taken${byWhom(listenerOn(hostPort))}`,
    ),
    ...elsewhere.map(
      ({ name, hostAddress, hostPort }) =>
        `${hostAddress}, where port ${hostPort} is the lab's for ${name}, is no address of this computer`,
    ),
  ];
  const [first] = taken;
  const remedies = [
    ...(first
      ? [`End the program that listens there (${listenerCommand(process.platform, first.hostPort)})`]
      : []),
    ...(elsewhere.length > 0 ? ["Give this computer its address again"] : []),
  ];
  throw new RemedyError(
    `${lines.join("; ")}. ${untouched}`,
    `${remedies.join(". ")}, or change hostAccess in the lab's configuration, then npm run up.`,
  );
}

/** Who listens on a port, `node (process 4711)`; undefined where the system does not tell that by one call. */
export function listenerOn(port: number): string | undefined {
  if (process.platform !== "linux") return undefined;
  const { stdout } = spawnSync("ss", ["-ltnpH", `sport = :${port}`], { encoding: "utf8", timeout: 5_000 });
  const [, program, pid] = /users:\(\("([^"]+)",pid=(\d+)/.exec(stdout ?? "") ?? [];
  return program === undefined ? undefined : `${program} (process ${pid})`;
}

/** To follow "is taken". */
export function byWhom(listener: string | undefined): string {
  return listener === undefined ? "" : ` by ${listener}`;
}
