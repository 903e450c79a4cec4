import type { Duplex } from "node:stream";
import { Client, type ConnectConfig } from "ssh2";

/** What a lab's stack outputs say about reaching its machines; see `lab-outputs.ts`. */
export interface LabAccess {
  host: string;
  port: number;
  user: string;
  privateKey: string;
  /** Public host keys by machine name, one OpenSSH line each: no machine is trusted unseen. */
  hostKeys: Record<string, string>;
  gateway: string;
  addresses: Record<string, string>;
}

export interface CommandResult {
  status: number;
  stdout: string;
  stderr: string;
}

/** Runs commands on a lab's machines over SSH, all through one connection to the gateway. */
export class LabShell {
  private readonly clients = new Map<string, Promise<Client>>();

  constructor(
    private readonly access: LabAccess,
    private readonly connectTimeoutMs = 10_000,
  ) {}

  /**
   * Runs one command line with the machine's login shell.
   * @throws Error when the machine can't be reached, or the command does not end within `timeoutMs`; a status other than 0 is a result.
   */
  async run(
    machine: string,
    command: string,
    options: { stdin?: string; timeoutMs?: number } = {},
  ): Promise<CommandResult> {
    const client = await this.connect(machine);
    const timeoutMs = options.timeoutMs ?? 60_000;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        // A machine that lost its power leaves a connection that never ends.
        this.clients.delete(machine);
        client.end();
        reject(new Error(`${machine}: "${command}" did not end within ${timeoutMs / 1000} s`));
      }, timeoutMs);
      client.exec(command, (error, channel) => {
        if (error) {
          clearTimeout(timer);
          reject(new Error(`${machine}: ${error.message}`));
          return;
        }
        const result: CommandResult = { status: -1, stdout: "", stderr: "" };
        channel.on("data", (data: Buffer) => {
          result.stdout += data.toString();
        });
        channel.stderr.on("data", (data: Buffer) => {
          result.stderr += data.toString();
        });
        channel.on("exit", (status: number | null) => {
          result.status = status ?? -1;
        });
        channel.on("close", () => {
          clearTimeout(timer);
          resolve(result);
        });
        channel.end(options.stdin ?? "");
      });
    });
  }

  /** Closes every connection; the shell may be used again afterwards. */
  async close(): Promise<void> {
    const clients = await Promise.allSettled(this.clients.values());
    this.clients.clear();
    for (const client of clients) if (client.status === "fulfilled") client.value.end();
  }

  private connect(machine: string): Promise<Client> {
    const known = this.clients.get(machine);
    if (known) return known;
    const client = this.open(machine);
    this.clients.set(machine, client);
    client.catch(() => this.clients.delete(machine));
    return client;
  }

  private async open(machine: string): Promise<Client> {
    if (machine === this.access.gateway) {
      return this.handshake(machine, { host: this.access.host, port: this.access.port });
    }
    const address = this.access.addresses[machine];
    if (address === undefined) throw new Error(`${machine} is no machine of this lab`);
    const gateway = await this.connect(this.access.gateway);
    const sock = await new Promise<Duplex>((resolve, reject) => {
      gateway.forwardOut("127.0.0.1", 0, address, 22, (error, channel) => {
        if (error)
          reject(new Error(`${machine} (${address}:22) through ${this.access.gateway}: ${error.message}`));
        else resolve(channel);
      });
    });
    return this.handshake(machine, { sock });
  }

  private handshake(machine: string, target: ConnectConfig): Promise<Client> {
    const expected = this.access.hostKeys[machine]?.split(" ")[1];
    return new Promise((resolve, reject) => {
      const client = new Client();
      client.on("ready", () => resolve(client));
      client.on("error", (error) => {
        this.clients.delete(machine);
        reject(new Error(`${machine}: SSH failed: ${error.message}`));
      });
      client.on("close", () => this.clients.delete(machine));
      client.connect({
        ...target,
        username: this.access.user,
        privateKey: this.access.privateKey,
        readyTimeout: this.connectTimeoutMs,
        hostVerifier: (key: Buffer) => key.toString("base64") === expected,
      });
    });
  }
}
