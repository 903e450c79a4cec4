import { rmSync } from "node:fs";
import { connect, createServer, type Server } from "node:net";
import { callEnd } from "../call-end";
import type { Place } from "../place";
import type { ForwardRule } from "./record";
import { controlSocket } from "./state";

/** What a VBoxManage call asks a running machine's supervisor. */
export type ControlRequest =
  | { do: "poweroff" | "acpipowerbutton" | "reset" | "pause" | "resume" | "clearSeed" }
  | { do: "addForward"; adapter: number; rule: ForwardRule }
  | { do: "removeForward"; adapter: number; name: string };

/** `error`: why it was refused. */
export interface ControlAnswer {
  error?: string;
}

/** Asks the supervisor and waits until it has done it. */
export function askSupervisor(place: Place, uuid: string, request: ControlRequest): Promise<ControlAnswer> {
  return new Promise((resolve, reject) => {
    const end = callEnd();
    const socket = connect({ path: controlSocket(place, uuid), ...(end && { signal: end }) });
    let text = "";
    socket.setEncoding("utf8");
    socket.on("data", (chunk: string) => {
      text += chunk;
    });
    socket.once("error", reject);
    socket.once("end", () => resolve(text === "" ? {} : (JSON.parse(text) as ControlAnswer)));
    socket.end(JSON.stringify(request));
  });
}

/** The supervisor's side: one request a connection, answered when it is done. */
export function serveControl(
  place: Place,
  uuid: string,
  handle: (request: ControlRequest) => Promise<void>,
): Promise<Server> {
  const path = controlSocket(place, uuid);
  rmSync(path, { force: true });
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    let text = "";
    socket.setEncoding("utf8");
    socket.on("data", (chunk: string) => {
      text += chunk;
    });
    socket.on("error", () => undefined);
    socket.once("end", () => {
      Promise.resolve()
        .then(() => handle(JSON.parse(text) as ControlRequest))
        .then(
          () => socket.end("{}"),
          (error: Error) => socket.end(JSON.stringify({ error: error.message } satisfies ControlAnswer)),
        );
    });
  });
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(path, () => resolve(server));
  });
}
