import { type ChildProcess, spawn } from "node:child_process";
import { createServer, type Server } from "node:net";
import type { ForwardRule } from "../machine/record";
import { NAT_GUEST } from "./adapters";
import type { ConnectorMessage } from "./connector";
import { NAMESPACES } from "./switch";

/** Milliseconds between tries for a port that another program holds. */
const RETRY = 1000;

/** The forwards of one NAT adapter: ports on the host's loopback, carried by a connector in the adapter's namespace. */
export class Forwards {
  private connector: ChildProcess | undefined;
  private readonly retries = new Map<string, NodeJS.Timeout>();
  private stopped = false;

  constructor(
    private readonly namespace: string,
    private readonly program: readonly string[],
    private readonly log: (line: string) => void,
    private readonly output: number,
  ) {}

  /** Starts the connector and all rules. Ports that are taken are tried again until they are free. */
  async start(rules: readonly ForwardRule[]): Promise<void> {
    if (rules.length === 0) return;
    await this.ensureConnector();
    await Promise.all(rules.map((rule) => this.add(rule)));
  }

  /** @returns a sentence when the port is taken for now */
  async add(rule: ForwardRule): Promise<string | undefined> {
    if (rule.protocol === "udp") return this.warn(`${rule.name}: the stand-in does not carry UDP`);
    await this.ensureConnector();
    const server = await listen(listenAddress(rule), rule.hostPort).catch((error: Error) => error);
    if (server instanceof Error) {
      this.retries.set(
        rule.name,
        setTimeout(() => void this.add(rule), RETRY),
      );
      return this.warn(`${rule.name}: ${server.message}; trying again every second`);
    }
    this.retries.delete(rule.name);
    const message: ConnectorMessage = {
      do: "listen",
      name: rule.name,
      guestAddress: rule.guestAddress || NAT_GUEST,
      guestPort: rule.guestPort,
    };
    // The connector has the socket once it says so; then this process lets go of it.
    await new Promise<void>((resolve) => {
      const heard = (answer: { listening?: string }) => {
        if (answer.listening !== rule.name) return;
        this.connector?.off("message", heard);
        resolve();
      };
      this.connector?.on("message", heard);
      this.connector?.once("exit", () => resolve());
      this.connector?.send(message, server);
    });
    server.close();
    return undefined;
  }

  remove(name: string): void {
    clearTimeout(this.retries.get(name));
    this.retries.delete(name);
    const message: ConnectorMessage = { do: "close", name };
    this.connector?.send(message);
  }

  /** Cuts every connection. */
  stop(): void {
    this.stopped = true;
    for (const timer of this.retries.values()) clearTimeout(timer);
    this.connector?.kill("SIGKILL");
  }

  private async ensureConnector(): Promise<void> {
    if (this.connector || this.stopped) return;
    const namespace = `--net=${NAMESPACES}/${this.namespace}`;
    const [program = process.execPath, ...args] = this.program;
    const connector = spawn("setpriv", ["--pdeathsig", "KILL", "nsenter", namespace, program, ...args], {
      stdio: ["ignore", this.output, this.output, "ipc"],
    });
    this.connector = connector;
    await new Promise<void>((resolve, reject) => {
      connector.once("message", () => resolve());
      connector.once("error", reject);
      connector.once("exit", (code) => reject(new Error(`the forwards' connector ended with ${code}`)));
    });
    connector.on("exit", (code) => {
      if (!this.stopped) this.log(`the forwards' connector ended with ${code}; start the machine again`);
    });
  }

  private warn(text: string): string {
    this.log(`forward ${text}`);
    return `forward ${text}`;
  }
}

/** Only ever the loopback: a forward to the outside would open the lab to the host's network. */
export function listenAddress(rule: ForwardRule): string {
  return rule.hostAddress.startsWith("127.") ? rule.hostAddress : "127.0.0.1";
}

function listen(host: string, port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer((early) => early.resetAndDestroy());
    server.once("error", reject);
    server.listen({ host, port }, () => resolve(server));
  });
}
