import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { join } from "node:path";
import { type Connection, Server, type ServerChannel, utils } from "ssh2";
import { deliveredFiles } from "../../delivered-files";
import type { SeededMachine } from "./recording-hypervisor";

/** One command that came in for a machine. */
export interface RemoteCall {
  machine: string;
  command: string;
  /** Paths of the files on its standard input. */
  paths: string[];
}

/**
 * All machines of a lab behind one forwarded port, as the real ones answer: the gateway itself, and through it every
 * address of the lab. Each has the host key of its seed and lets only the seed's user key in. Commands only count.
 */
export class SshMachines {
  readonly calls: RemoteCall[] = [];
  /** What is broken inside a machine, until it is told to converge. */
  readonly broken = new Map<string, string>();
  /** When the last pass of all ended, epoch. */
  private lastPass = 1764145000;
  private readonly clients = new Set<Socket>();
  private readonly server = createServer((socket) => {
    this.clients.add(socket);
    socket.on("close", () => this.clients.delete(socket));
    this.accept(this.gateway(), socket);
  });

  private constructor(private readonly records: string) {}

  /** @param records the folder of recording-hypervisor.ts */
  static async listen(records: string): Promise<SshMachines> {
    const machines = new SshMachines(records);
    await new Promise<void>((resolve) => machines.server.listen(0, "127.0.0.1", resolve));
    return machines;
  }

  get port(): number {
    const address = this.server.address();
    return typeof address === "object" && address !== null ? address.port : 0;
  }

  /** A client that never ends its connection holds nobody up. */
  close(): Promise<void> {
    for (const client of this.clients) client.destroy();
    return new Promise((resolve) => this.server.close(() => resolve()));
  }

  /** Calls since the last time this was asked. */
  taken(): RemoteCall[] {
    return this.calls.splice(0);
  }

  /** Those that are there just now. */
  private machines(): SeededMachine[] {
    const seeded = join(this.records, "seeded");
    return readdirSync(seeded)
      .filter((name) => existsSync(join(this.records, "machines", name)))
      .map((name) => JSON.parse(readFileSync(join(seeded, name), "utf8")) as SeededMachine);
  }

  private gateway(): SeededMachine | undefined {
    return this.machines().find(({ addresses }) => addresses.length > 1);
  }

  private accept(machine: SeededMachine | undefined, socket: Socket): void {
    // No machine yet: as a port behind which nothing listens.
    if (machine === undefined) {
      socket.destroy();
      return;
    }
    const server = new Server({ hostKeys: [machine.hostKey] }, (connection) =>
      this.serve(machine, connection),
    );
    server.injectSocket(socket);
  }

  private serve(machine: SeededMachine, connection: Connection): void {
    const allowed = utils.parseKey(machine.authorizedKey);
    if (allowed instanceof Error) throw allowed;
    connection.on("authentication", (context) => {
      const known = context.method === "publickey" && context.key.data.equals(allowed.getPublicSSH());
      if (known && context.username === machine.user) context.accept();
      else context.reject(["publickey"]);
    });
    connection.on("error", () => {});
    connection.on("tcpip", (accept, reject, { destIP, destPort }) => {
      const target = this.machines().find(({ addresses }) => addresses.includes(destIP));
      if (target === undefined || destPort !== 22) reject();
      else this.accept(target, accept() as unknown as Socket);
    });
    connection.on("session", (accept) => {
      accept().on(
        "exec",
        (acceptExec, _reject, { command }) => void this.execute(machine.name, command, acceptExec()),
      );
    });
  }

  private async execute(machine: string, command: string, channel: ServerChannel): Promise<void> {
    if (command.includes("verify --all")) {
      for (const { name } of this.machines()) {
        const fault = this.broken.get(name);
        channel.write(`${name}\t${this.lastPass}\n${fault === undefined ? "" : `${name}\t${fault}\n`}`);
      }
      channel.exit(0);
      channel.end();
      return;
    }
    this.broken.delete(machine);
    this.lastPass += 1;
    const files = command.includes(" apply") ? deliveredFiles(await inputOf(channel)) : new Map();
    this.calls.push({ machine, command, paths: [...files.keys()] });
    channel.write(`${machine}: converged\n`);
    channel.exit(0);
    channel.end();
  }
}

/** Not by node:stream/consumers: that destroys the channel, and no exit status could be sent any more. */
function inputOf(channel: ServerChannel): Promise<string> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    channel.on("data", (part: Buffer) => parts.push(part));
    channel.on("error", reject);
    channel.on("end", () => resolve(Buffer.concat(parts).toString()));
  });
}
