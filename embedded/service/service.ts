import { readdirSync, rmSync, statSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { perform } from "../perform";
import type { Place } from "../place";
import { originOf } from "./origin";
import { removeDeadSockets, serviceLock, serviceSocket } from "./socket";

/** Milliseconds without a call after which the service ends, with machines in its place and without. VBoxSVC: 5000. */
const IDLE = 20_000;
const IDLE_WITHOUT_MACHINES = 2_000;
const LOOK = 250;

/**
 * Like VBoxSVC: does the verbs of many calls, so that none has to start node. Ends when no call has come for a while, and
 * when its socket is gone.
 * @param name serviceName() of whoever started it, and has handed it the lock
 */
export async function serveCalls(place: Place, name: string): Promise<void> {
  await wordOfStarter();
  process.once("exit", () => rmSync(join(place.locks, serviceLock(name)), { force: true }));
  // Not the first caller's: files of machines are as everywhere.
  process.umask(0o022);
  const origin = originOf(place);
  const path = serviceSocket(place, name);
  await removeDeadSockets(place);
  rmSync(path, { force: true });
  let calls = 0;
  let lastCall = Date.now();
  const server = createServer({ allowHalfOpen: true }, async (socket) => {
    const { caller, directory, args } = await hear(socket);
    // Closed without a word: the caller does it itself.
    if (caller !== origin || mayNeverEnd(args)) return socket.destroy();
    calls += 1;
    await answer(socket, directory, args);
    calls -= 1;
    lastCall = Date.now();
  });
  await listen(server, path);
  process.disconnect();
  const { ino } = statSync(path);
  const timer = setInterval(() => {
    const idle = calls > 0 ? 0 : Date.now() - lastCall;
    const isReachable = statSync(path, { throwIfNoEntry: false })?.ino === ino;
    if (isReachable && idle < (hasMachines(place) ? IDLE : IDLE_WITHOUT_MACHINES)) return;
    clearInterval(timer);
    server.close(() => process.exit(0));
  }, LOOK);
}

/** From now on this process has the lock, until it ends. Without a starter there is nothing to wait for: it ends. */
function wordOfStarter(): Promise<void> {
  return new Promise((resolve) => process.once("message", () => resolve()));
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(path, resolve);
  });
}

function hasMachines(place: Place): boolean {
  return readdirSync(place.registry.machines).length > 0;
}

/** Reads a call: origin, working directory and arguments with a zero byte between. */
function hear(socket: Socket): Promise<{ caller: string | undefined; directory: string; args: string[] }> {
  const chunks: Buffer[] = [];
  socket.on("data", (chunk) => chunks.push(chunk));
  // A caller that goes away does not end its verb.
  socket.on("error", () => undefined);
  return new Promise((resolve) => {
    socket.once("end", () => {
      const [caller, directory = "/", ...args] = Buffer.concat(chunks).toString().split("\0");
      resolve({ caller, directory, args });
    });
  });
}

/** A caller that waits for something may be killed without it ever coming. */
function mayNeverEnd(args: readonly string[]): boolean {
  return args.includes("guestproperty") && args.includes("wait");
}

/** Lines with their kind before them: `+` begun, `1` standard output, `2` standard error, `=` exit status. */
async function answer(socket: Socket, directory: string, args: string[]): Promise<void> {
  const say = (kind: string) => (text: string) => {
    socket.write(`${kind}${text.replaceAll("\n", `\n${kind}`)}\n`);
  };
  say("+")("");
  const status = await perform({ args, directory, print: say("1"), warn: say("2") });
  say("=")(`${status}`);
  socket.end();
}
