import { credentials } from "@grpc/grpc-js";
import { EngineClient } from "@pulumi/pulumi/proto/engine_grpc_pb";
import { LogRequest, LogSeverity } from "@pulumi/pulumi/proto/engine_pb";

/** Sends log lines of resources to the engine, in order; a line that can't be sent is dropped. */
export class EngineLog {
  private client: EngineClient | undefined;
  private pending: Promise<void> = Promise.resolve();

  /** @param address The engine's own, `host:port`; without one all lines are dropped. */
  constructor(private address: string | undefined) {}

  /** Takes another engine's address (the engine's Attach and Handshake calls). */
  attach(address: string): void {
    if (address !== this.address) {
      this.client?.close();
      this.client = undefined;
      this.address = address;
    }
  }

  /** A status line: shown beside the resource while it's the latest, not kept. */
  status(urn: string, message: string): void {
    this.send(urn, LogSeverity.INFO, message, true);
  }

  warn(urn: string, message: string): void {
    this.send(urn, LogSeverity.WARNING, message, false);
  }

  error(urn: string, message: string): void {
    this.send(urn, LogSeverity.ERROR, message, false);
  }

  /** Resolves once every line given so far has been sent. */
  flush(): Promise<void> {
    return this.pending;
  }

  private send(urn: string, severity: LogSeverity, message: string, ephemeral: boolean): void {
    if (this.address === undefined) {
      return;
    }
    this.client ??= new EngineClient(this.address, credentials.createInsecure(), {
      "grpc.max_send_message_length": -1,
    });
    const client = this.client;
    const request = new LogRequest();
    request.setUrn(urn);
    request.setSeverity(severity);
    request.setMessage(message);
    request.setEphemeral(ephemeral);
    this.pending = this.pending.then(() => new Promise((resolve) => client.log(request, () => resolve())));
  }
}
