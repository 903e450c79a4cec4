import { spawnSync } from "node:child_process";
import net from "node:net";
import { HypervisorError } from "./errors";
import { forwardRules } from "./hardware";
import { inspect } from "./inspect";
import type { LabMachine } from "./lab-power";
import { isStopped } from "./power";
import { together } from "./together";
import type { VBoxManage } from "./vboxmanage";

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

/**
 * To be called before machines are started: the hypervisor starts one whose forward finds its port taken, and nobody reaches it.
 * @throws HypervisorError with every such port, and who has it as far as the system tells.
 */
export async function requireFreePorts(
  vbox: VBoxManage,
  machines: readonly LabMachine[],
  hindrance = portHindrance,
): Promise<void> {
  const found = await together(machines, async ({ hypervisorName }) => {
    const info = await inspect(vbox, hypervisorName);
    if (info === undefined || !isStopped(info.get("VMState") ?? "")) return [];
    const forwards = forwardRules(info).map((rule) => {
      const [name = "", , address = "", port = ""] = rule.split(",");
      return { name, address: address || "0.0.0.0", port: Number(port) };
    });
    return Promise.all(
      forwards.map(async (forward) => ({
        ...forward,
        hindrance: await hindrance(forward.address, forward.port),
      })),
    );
  });
  const taken = found.flat().filter((forward) => forward.hindrance === "taken");
  const elsewhere = found.flat().filter((forward) => forward.hindrance === "no address of this computer");
  if (taken.length + elsewhere.length === 0) return;
  const lines = [
    ...taken.map(
      ({ name, address, port }) =>
        `port ${port} of ${address}, the lab's for ${name}, is taken${byWhom(listenerOn(port))}`,
    ),
    ...elsewhere.map(
      ({ name, address, port }) =>
        `${address}, where port ${port} is the lab's for ${name}, is no address of this computer`,
    ),
  ];
  const [first] = taken;
  const remedies = [
    ...(first
      ? [`End the program that listens there (${listenerCommand(process.platform, first.port)})`]
      : []),
    ...(elsewhere.length > 0 ? ["Give this computer its address again"] : []),
  ];
  throw new HypervisorError(
    `${lines.join("; ")}. Nothing was touched.`,
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
