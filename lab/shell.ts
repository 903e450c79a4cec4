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

/** A machine that was asked has not answered in time, or the way to it has not: that says nothing of how it is. */
export class NoAnswer extends Error {}

/** Runs commands on a lab's machines over SSH, all through one connection to the gateway. */
export class LabShell {
  private readonly clients = new Map<string, Promise<Client>>();
  /** Those whose handshake is under way. */
  private readonly opening = new Set<Client>();

  constructor(
    private readonly access: LabAccess,
    private readonly connectTimeoutMs = 10_000,
  ) {}

  /**
   * Runs one command line with the machine's login shell.
   * @param options `signal`: who waits no longer; its reason is thrown. Without it the command has `timeoutMs`.
   * @throws NoAnswer when time is over, Error when the machine can't be reached; a status other than 0 is a result.
   */
  async run(
    machine: string,
    command: string,
    options: { stdin?: string; timeoutMs?: number; signal?: AbortSignal } = {},
  ): Promise<CommandResult> {
    const { signal } = options;
    const client = await untilAborted(this.connect(machine), signal);
    const timeoutMs = options.timeoutMs ?? 60_000;
    return new Promise((resolve, reject) => {
      const giveUp = (reason: Error) => {
        // A machine that lost its power leaves a connection that never ends.
        this.clients.delete(machine);
        client.end();
        reject(reason);
      };
      const late = () =>
        giveUp(new NoAnswer(`${machine}: "${command}" did not end within ${timeoutMs / 1000} s`));
      const timer = signal ? undefined : setTimeout(late, timeoutMs);
      const abort = () => giveUp(signal?.reason as Error);
      signal?.addEventListener("abort", abort, { once: true });
      const settled = () => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", abort);
      };
      client.exec(command, (error, channel) => {
        if (error) {
          settled();
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
          settled();
          resolve(result);
        });
        channel.end(options.stdin ?? "");
      });
    });
  }

  /** Closes every connection; the shell may be used again afterwards. */
  async close(): Promise<void> {
    for (const client of this.opening) client.destroy();
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
    const gateway = await this.connect(this.access.gateway).catch((error: Error) => {
      throw new NoAnswer(`not reached: ${error.message}`);
    });
    const sock = await new Promise<Duplex>((resolve, reject) => {
      gateway.forwardOut("127.0.0.1", 0, address, 22, (error, channel) => {
        const way = `${machine} (${address}:22) through ${this.access.gateway}`;
        if (error) reject(failure(`${way}: ${error.message}`, /timed out/i.test(error.message)));
        else resolve(channel);
      });
    });
    return this.handshake(machine, { sock });
  }

  private handshake(machine: string, target: ConnectConfig): Promise<Client> {
    const expected = this.access.hostKeys[machine]?.split(" ")[1];
    return new Promise((resolve, reject) => {
      const client = new Client();
      this.opening.add(client);
      client.on("ready", () => {
        this.opening.delete(client);
        resolve(client);
      });
      client.on("error", (error: Error & { level?: string }) => {
        this.clients.delete(machine);
        reject(failure(`${machine}: SSH failed: ${error.message}`, error.level === "client-timeout"));
      });
      client.on("close", () => {
        this.opening.delete(client);
        this.clients.delete(machine);
        reject(new NoAnswer(`${machine}: the connection was closed`));
      });
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

function failure(message: string, late: boolean): Error {
  return late ? new NoAnswer(message) : new Error(message);
}

/** What was asked for goes on without whoever waits no longer. */
async function untilAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}
