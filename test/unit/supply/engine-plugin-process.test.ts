import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { installStandIns } from "../../../supply/engine/stand-ins";

/** A stand-in as a process of its own, as the engine starts it. */
const folder = mkdtempSync(join(tmpdir(), "kube-lab-plugin-"));

beforeAll(async () => {
  // Its sources only: what is bundled belongs into no checkout.
  symlinkSync(join(__dirname, "../../../supply"), join(folder, "supply"), "junction");
  await installStandIns(folder, join(folder, "pulumi-home"));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** How long a plugin takes to its end while somebody stays connected who does not react, as an engine that ends may not. */
async function millisecondsToEnd(end: (plugin: ChildProcess) => unknown): Promise<number> {
  const program = join(folder, ".kube-lab/programs/pulumi-resource-random.js");
  const plugin = spawn("node", [program, "127.0.0.1:1"], { stdio: ["pipe", "pipe", "inherit"] });
  const [port] = (await once(createInterface(plugin.stdout), "line")) as [string];
  const socket = connect({ host: "127.0.0.1", port: Number(port), allowHalfOpen: true });
  await once(socket, "connect");
  await once(socket, "data");
  const start = Date.now();
  end(plugin);
  const [status] = (await once(plugin, "exit")) as [number];
  socket.destroy();
  expect(status).toBe(0);
  return Date.now() - start;
}

const ends: [string, (plugin: ChildProcess) => unknown][] = [
  ["the engine is gone", (plugin) => plugin.stdin?.end()],
];
// Windows has no such signal: a process that gets one is just killed.
if (process.platform !== "win32") ends.push(["it is interrupted", (plugin) => plugin.kill("SIGINT")]);

test.each(ends)("ends at once when %s and nothing is going on: each update waits for it", async (_, end) => {
  const times: number[] = [];
  for (let run = 0; run < 3; run++) times.push(await millisecondsToEnd(end));
  // What a call in progress gets; the best of three, for a busy computer.
  expect(Math.min(...times)).toBeLessThan(500);
});
