import { timingSafeEqual } from "node:crypto";
import type { Duplex } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { type AuthenticationType, type AuthHandlerMiddleware, Client, type ConnectConfig } from "ssh2";
import type { CallContext } from "../protocol/provider";

/** Where and how to connect; the input `connection` of `command:remote:Command`, defaults filled in. */
export interface SshEndpoint {
  host: string;
  port: number;
  user: string;
  password?: string;
  privateKey?: string;
  privateKeyPassword?: string;
  agentSocketPath?: string;
  /** The server's public key as in an authorized_keys file; without it any is accepted. */
  hostKey?: string;
  /** Attempts; -1: without end. */
  dialErrorLimit: number;
  /** Seconds for each attempt; 0: without limit. */
  perDialTimeout: number;
}

/** An endpoint, directly or through a jump host. */
export interface Connection extends SshEndpoint {
  proxy?: SshEndpoint;
}

/** An open connection; {@link close} ends the jump host's too. */
export interface Session {
  client: Client;
  close(): void;
}

/**
 * Connects, through the jump host if there is one, and tries again as often as each endpoint's `dialErrorLimit` says, with the
 * real plugin's pauses (100 ms, growing by half up to 5 s) and messages.
 */
export async function connect(connection: Connection, context: CallContext): Promise<Session> {
  const { proxy } = connection;
  if (proxy === undefined) {
    const client = await retry("Dial", connection, context, () => dial(connection, context.signal));
    return { client, close: () => client.end() };
  }
  const dialProxy = () => retry("Dial proxy", proxy, context, () => dial(proxy, context.signal));
  let jump = await dialProxy().catch(describe("proxy"));
  const jumped = () => jump;
  let lost = watchLoss(jump);
  try {
    const client = await retry("Dial from proxy", connection, context, async () => {
      if (lost()) {
        // The jump host itself went away, as one does that is still booting.
        jump = await dialProxy();
        lost = watchLoss(jump);
      }
      const tunnel = await forward(jump, connection);
      return dial(connection, context.signal, tunnel);
    }).catch(describe("proxy"));
    return {
      client,
      close: () => {
        client.end();
        jumped().end();
      },
    };
  } catch (error) {
    jump.end();
    throw error;
  }
}

function describe(what: string): (error: unknown) => never {
  return (error) => {
    throw new Error(`${what}: ${error instanceof Error ? error.message : String(error)}`);
  };
}

function watchLoss(client: Client): () => boolean {
  let lost = false;
  client.once("close", () => {
    lost = true;
  });
  // Errors after the handshake end in "close"; without a listener they would end the process.
  client.on("error", () => undefined);
  return () => lost;
}

/** One attempt. Over `stream` if given, else over TCP. */
function dial(endpoint: SshEndpoint, signal: AbortSignal, stream?: Duplex): Promise<Client> {
  return new Promise((resolve, reject) => {
    const client = new Client();
    const abort = () => fail(new Error("cancelled"));
    const fail = (error: Error) => {
      signal.removeEventListener("abort", abort);
      client.destroy();
      stream?.destroy();
      reject(new Error(`${endpoint.user}@${endpoint.host}:${endpoint.port}: ${error.message}`));
    };
    signal.addEventListener("abort", abort);
    // ssh2 may emit a second error for one failure; without a listener it would end the process.
    client.on("error", fail);
    client.once("ready", () => {
      signal.removeEventListener("abort", abort);
      client.removeListener("error", fail);
      client.on("error", () => undefined);
      resolve(client);
    });
    if (endpoint.password !== undefined) {
      const { password } = endpoint;
      client.on("keyboard-interactive", (_name, _instructions, _language, prompts, finish) =>
        finish(prompts.map(() => password)),
      );
    }
    try {
      client.connect(configuration(endpoint, stream));
    } catch (error) {
      // A private key that can't be read, for one.
      fail(error instanceof Error ? error : new Error(String(error)));
    }
  });
}

function configuration(endpoint: SshEndpoint, stream: Duplex | undefined): ConnectConfig {
  const { host, port, user, password, privateKey, privateKeyPassword, hostKey, perDialTimeout } = endpoint;
  const agent = endpoint.agentSocketPath ?? defaultAgent();
  return {
    ...(stream === undefined ? { host, port } : { sock: stream as NonNullable<ConnectConfig["sock"]> }),
    username: user,
    readyTimeout: perDialTimeout * 1000,
    // A machine that vanished is noticed after a minute.
    keepaliveInterval: 15_000,
    keepaliveCountMax: 4,
    tryKeyboard: password !== undefined,
    ...(password !== undefined && { password }),
    ...(privateKey !== undefined && { privateKey }),
    ...(privateKeyPassword !== undefined && { passphrase: privateKeyPassword }),
    ...(agent !== undefined && { agent }),
    ...authentication(endpoint, agent),
    ...(hostKey !== undefined && expectHostKey(hostKey)),
  };
}

/** The ways to log in, in the real plugin's order. */
function authentication({ password, privateKey }: SshEndpoint, agent: string | undefined) {
  const methods: AuthenticationType[] = [
    "none",
    ...(privateKey === undefined ? [] : (["publickey"] as const)),
    ...(password === undefined ? [] : (["password", "keyboard-interactive"] as const)),
    ...(agent === undefined ? [] : (["agent"] as const)),
  ];
  // ssh2 takes a plain list too; its types know the function's form only.
  return { authHandler: methods as unknown as AuthHandlerMiddleware };
}

function defaultAgent(): string | undefined {
  return process.platform === "win32" ? undefined : process.env.SSH_AUTH_SOCK || undefined;
}

/** Accepts exactly this public key, and asks the server for its kind. */
function expectHostKey(authorizedKey: string): Pick<ConnectConfig, "algorithms" | "hostVerifier"> {
  const [type = "", encoded = ""] = authorizedKey.trim().split(/\s+/);
  const expected = Buffer.from(encoded, "base64");
  if (expected.length === 0) {
    throw new Error("failed to parse host key: it must look like 'ssh-ed25519 AAAA…'");
  }
  const algorithms = type === "ssh-rsa" ? ["rsa-sha2-512", "rsa-sha2-256", "ssh-rsa"] : [type];
  return {
    algorithms: {
      serverHostKey: algorithms as NonNullable<ConnectConfig["algorithms"]>["serverHostKey"] & [],
    },
    hostVerifier: (key: Buffer) => key.length === expected.length && timingSafeEqual(key, expected),
  };
}

function forward(jump: Client, { host, port, perDialTimeout }: SshEndpoint): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const seconds = perDialTimeout === 0 ? undefined : perDialTimeout;
    const timer =
      seconds === undefined
        ? undefined
        : setTimeout(() => reject(new Error(`${host}:${port}: no answer in ${seconds} s`)), seconds * 1000);
    jump.forwardOut("127.0.0.1", 0, host, port, (error, channel) => {
      clearTimeout(timer);
      if (error) {
        reject(new Error(`${host}:${port}: ${error.message}`));
      } else {
        resolve(channel);
      }
    });
  });
}

async function retry<T>(
  what: string,
  { dialErrorLimit }: SshEndpoint,
  context: CallContext,
  attempt: () => Promise<T>,
): Promise<T> {
  let pause = 100;
  for (let failures = 1; ; failures++) {
    try {
      return await attempt();
    } catch (error) {
      if (context.signal.aborted) {
        throw new Error("cancelled");
      }
      if (dialErrorLimit >= 0 && failures > dialErrorLimit) {
        const reason = error instanceof Error ? error.message : String(error);
        throw new Error(`after ${failures - 1} failed attempts: ${reason}`);
      }
      const limit = dialErrorLimit < 0 ? "inf" : dialErrorLimit;
      context.status(`${what} ${failures}/${limit} failed: retrying`);
    }
    await delay(pause, undefined, { signal: context.signal }).catch(() => {
      throw new Error("cancelled");
    });
    pause = Math.min(pause * 1.5, 5000);
  }
}
