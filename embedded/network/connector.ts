import { connect, createServer, type Server, type Socket } from "node:net";

/** From the supervisor to the connector; a listening socket of the host's network comes with `listen`. */
export type ConnectorMessage =
  | { do: "listen"; name: string; guestAddress: string; guestPort: number }
  | { do: "close"; name: string };

/**
 * Runs in a NAT adapter's namespace: takes connections from sockets that listen in the host's and carries them to the
 * guest. A socket stays in the namespace it was made in, so no byte passes through the supervisor.
 */
export function runConnector(): void {
  const servers = new Map<string, Server>();
  process.on("message", (message: ConnectorMessage, handle: Server | undefined) => {
    servers.get(message.name)?.close();
    servers.delete(message.name);
    if (message.do === "close" || !handle) return;
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) =>
      carry(client, message.guestAddress, message.guestPort),
    );
    server.listen(handle);
    servers.set(message.name, server);
    process.send?.({ listening: message.name });
  });
  process.on("disconnect", () => process.exit(0));
  process.send?.({ ready: true });
}

/** Each direction ends on its own: HTTP clients and ssh close one and go on reading. */
function carry(client: Socket, host: string, port: number): void {
  const guest = connect({ host, port, allowHalfOpen: true, noDelay: true });
  client.on("error", () => guest.destroy());
  guest.on("error", () => client.resetAndDestroy());
  client.on("close", () => guest.destroySoon());
  guest.on("close", () => client.destroySoon());
  client.pipe(guest);
  guest.pipe(client);
}
