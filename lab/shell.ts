import { type Duplex, PassThrough } from "node:stream";
import { Client, type ClientChannel, type ConnectConfig } from "ssh2";

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

/** Characters of one line; what is longer is cut off there. */
const LONGEST_LINE = 2 ** 20;

/** A machine that was asked has not answered in time, or the way to it has not: that says nothing of how it is. */
export class NoAnswer extends Error {}

/** Runs commands on a lab's machines over SSH, all through one connection to the gateway. */
export class LabShell {
  private readonly clients = new Map<string, Promise<Client>>();
  /** Those whose handshake is under way. */
  private readonly opening = new Set<Client>();

  /** @param keepAliveMs between questions whether the other end is still there; a connection ends after three without answer */
  constructor(
    private readonly access: LabAccess,
    private readonly connectTimeoutMs = 10_000,
    private readonly keepAliveMs = 0,
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

  /**
   * Runs one command line and gives the lines of its standard output, which is read no faster than they are taken.
   * @param options `signal` ends it without an error; `silenceMs`: how long to wait for more
   * @throws NoAnswer when the connection is lost or nothing comes in time, Error when the machine can't be reached or the
   * command fails
   */
  async *lines(
    machine: string,
    command: string,
    options: { stdin?: string; signal?: AbortSignal; silenceMs?: number } = {},
  ): AsyncGenerator<string> {
    const { signal, silenceMs } = options;
    const client = await untilAborted(this.connect(machine), signal);
    const { channel, output, end } = await started(client, machine, command);
    const stop = () => output.end();
    signal?.addEventListener("abort", stop, { once: true });
    if (signal?.aborted) stop();
    let timer: NodeJS.Timeout | undefined;
    const wait = () => {
      const silent = () => output.destroy(new NoAnswer(`${machine}: nothing came for ${silenceMs} ms`));
      if (silenceMs !== undefined) timer = setTimeout(silent, silenceMs);
    };
    try {
      channel.end(options.stdin ?? "");
      let rest = "";
      wait();
      for await (const text of output) {
        clearTimeout(timer);
        if (signal?.aborted) return;
        const lines = (rest + text).split("\n");
        rest = (lines.pop() ?? "").slice(0, LONGEST_LINE);
        yield* lines;
        wait();
      }
      if (signal?.aborted) return;
      if (rest !== "") yield rest;
      const { status, stderr } = await end;
      if (status === undefined) throw new NoAnswer(`${machine}: the connection was closed`);
      if (status !== 0) throw new Error(`${machine}: "${command}" ended with ${status}: ${stderr.trim()}`);
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", stop);
      channel.unpipe(output);
      channel.close();
    }
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
        keepaliveInterval: this.keepAliveMs,
        hostVerifier: (key: Buffer) => key.toString("base64") === expected,
      });
    });
  }
}

interface Started {
  channel: ClientChannel;
  output: PassThrough;
  /** How it ended; without a status where the connection was lost. */
  end: Promise<{ status?: number; stderr: string }>;
}

function started(client: Client, machine: string, command: string): Promise<Started> {
  return new Promise((resolve, reject) => {
    client.exec(command, (error, channel) => {
      if (error) {
        reject(new Error(`${machine}: ${error.message}`));
        return;
      }
      // At once: a short command's end may come with its beginning.
      const output = channel.pipe(new PassThrough());
      output.setEncoding("utf8");
      const ended: { status?: number; stderr: string } = { stderr: "" };
      channel.stderr.on("data", (data: Buffer) => {
        ended.stderr = (ended.stderr + data.toString()).slice(-LONGEST_LINE);
      });
      channel.on("exit", (status: number | null) => {
        ended.status = status ?? -1;
      });
      const end = new Promise<typeof ended>((closed) => {
        channel.on("close", () => {
          output.end();
          closed(ended);
        });
      });
      resolve({ channel, output, end });
    });
  });
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
