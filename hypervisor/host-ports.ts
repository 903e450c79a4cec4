import { spawnSync } from "node:child_process";
import net from "node:net";
import { HypervisorError } from "./errors";
import { forwardRules } from "./hardware";
import { inspect } from "./inspect";
import type { LabMachine } from "./lab-power";
import { isStopped } from "./power";
import { together } from "./together";
import type { VBoxManage } from "./vboxmanage";

/** Whether somebody listens there. Listening on it ourselves is the only sure answer, and the same on every system. */
export function portTaken(address: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = net.createServer();
    server.once("error", (error: NodeJS.ErrnoException) => resolve(error.code === "EADDRINUSE"));
    server.listen({ host: address, port, exclusive: true }, () => server.close(() => resolve(false)));
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
  isTaken = portTaken,
): Promise<void> {
  const taken = await together(machines, async ({ hypervisorName }) => {
    const info = await inspect(vbox, hypervisorName);
    if (info === undefined || !isStopped(info.get("VMState") ?? "")) return [];
    const forwards = forwardRules(info).map((rule) => {
      const [name = "", , address = "", port = ""] = rule.split(",");
      return { name, address: address || "0.0.0.0", port: Number(port) };
    });
    const answers = await Promise.all(forwards.map(({ address, port }) => isTaken(address, port)));
    return forwards.filter((_, index) => answers[index]);
  });
  const ports = taken.flat();
  const [first] = ports;
  if (first === undefined) return;
  const lines = ports.map(
    ({ name, address, port }) =>
      `port ${port} of ${address}, the lab's for ${name}, is taken${byWhom(listenerOn(port))}`,
  );
  throw new HypervisorError(
    `${lines.join("; ")}. Nothing was started.`,
    `End the program that listens there (${listenerCommand(process.platform, first.port)}), or give the lab another port: hostAccess in its configuration, then npm run up.`,
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
