import { type AddressInfo, connect } from "node:net";
import { setTimeout } from "node:timers/promises";
import { type AuthContext, type Connection, Server, type ServerChannel, utils } from "ssh2";
import { reveal } from "../../../supply/engine/plugins/protocol/value";
import { tls } from "../../../supply/engine/plugins/tls/provider";
import { recordingContext } from "./engine-call-context";

export interface KeyPair {
  private: string;
  public: string;
}

/** An Ed25519 key pair, by our own stand-in. */
export async function keyPair(): Promise<KeyPair> {
  const made = await tls.resources
    .get("tls:index/privateKey:PrivateKey")
    ?.create({ algorithm: "ED25519" }, false, recordingContext().context);
  return {
    private: String(reveal(made?.outputs.privateKeyOpenssh ?? "")),
    public: String(made?.outputs.publicKeyOpenssh ?? ""),
  };
}

export interface Accepted {
  user: string;
  publicKey?: string;
  password?: string;
}

export type Handler = (command: string, channel: ServerChannel, environment: Record<string, string>) => void;

/** An SSH server in this process: it accepts one login, hands commands to a handler and forwards to other local ports. */
export class SshServer {
  private readonly server: Server;
  private readonly connections = new Set<Connection>();
  /** Logins so far. */
  logins = 0;

  constructor(hostKey: KeyPair, accepted: Accepted, handler: Handler) {
    this.server = new Server({ hostKeys: [hostKey.private] }, (connection) => {
      this.connections.add(connection);
      connection.on("error", () => undefined);
      connection.on("authentication", (login) =>
        accepts(accepted, login) ? login.accept() : login.reject(),
      );
      connection.on("ready", () => {
        this.logins++;
        connection.on("session", (accept) => {
          const session = accept();
          const environment: Record<string, string> = {};
          session.on("env", (acceptEnv, _reject, { key, val }) => {
            environment[key] = val;
            acceptEnv?.();
          });
          session.on("exec", (acceptExec, _reject, { command }) =>
            handler(command, acceptExec(), environment),
          );
        });
        connection.on("tcpip", (accept, reject, { destIP, destPort }) => {
          const socket = connect(destPort, destIP);
          socket.once("error", () => reject());
          socket.once("connect", () => {
            const channel = accept();
            socket.pipe(channel).pipe(socket);
            channel.on("error", () => undefined);
            socket.on("error", () => undefined);
          });
        });
      });
    });
  }

  /** @returns The port, on 127.0.0.1. */
  listen(port = 0): Promise<number> {
    return new Promise((resolve) => {
      this.server.listen(port, "127.0.0.1", () => resolve((this.server.address() as AddressInfo).port));
    });
  }

  /** A client that takes no leave is waited for a second, not for ever. */
  async close(): Promise<void> {
    for (const connection of this.connections) connection.end();
    const waited = new AbortController();
    await Promise.race([
      new Promise<void>((resolve) => this.server.close(() => resolve())),
      setTimeout(1000, undefined, { signal: waited.signal }).catch(() => undefined),
    ]);
    waited.abort();
  }
}

function accepts(accepted: Accepted, login: AuthContext): boolean {
  if (login.username !== accepted.user) return false;
  if (login.method === "password")
    return accepted.password !== undefined && login.password === accepted.password;
  if (login.method !== "publickey" || accepted.publicKey === undefined) return false;
  const parsed = utils.parseKey(accepted.publicKey);
  return !(parsed instanceof Error) && login.key.data.equals(parsed.getPublicSSH());
}
