import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";
import type { RunFiles } from "./qemu";

const OFF_BOUND_MS = 10_000;

export function filesOf(folder: string): RunFiles {
  return {
    socket: join(folder, "qmp"),
    console: join(folder, "console"),
    pid: join(folder, "pid"),
    root: join(folder, "root.qcow2"),
  };
}

/** The number of the process that runs a machine; undefined when none does. */
export function processOf(folder: string): number | undefined {
  const { pid } = filesOf(folder);
  try {
    const number = Number(readFileSync(pid, "utf8"));
    const isOurs = readFileSync(`/proc/${number}/cmdline`, "utf8").split("\0").includes(pid);
    return isOurs ? number : undefined;
  } catch {
    return undefined;
  }
}

/** Cuts a machine's power. */
export async function cutPower(folder: string): Promise<void> {
  const process_ = processOf(folder);
  if (process_ === undefined) return;
  process.kill(process_, "SIGKILL");
  for (let waited = 0; processOf(folder) !== undefined; waited += 20) {
    if (waited > OFF_BOUND_MS) throw new Error(`process ${process_} does not end`);
    await pause(20);
  }
}

/** Has QEMU do something with a machine that runs. @throws Error with its words */
export async function command(folder: string, execute: string, words: object = {}): Promise<void> {
  const socket = connect(filesOf(folder).socket);
  try {
    const lines = createInterface(socket)[Symbol.asyncIterator]();
    const answer = async (): Promise<Answer> => {
      for (;;) {
        const { value, done } = await lines.next();
        if (done) throw new Error("QEMU has ended");
        const message = JSON.parse(String(value)) as Answer;
        if (message.QMP ?? message.return ?? message.error) return message;
      }
    };
    await answer();
    for (const step of [{ execute: "qmp_capabilities" }, { execute, arguments: words }]) {
      socket.write(`${JSON.stringify(step)}\n`);
      const { error } = await answer();
      if (error) throw new Error(`${execute}: ${error.desc}`);
    }
  } finally {
    socket.destroy();
  }
}

interface Answer {
  QMP?: object;
  return?: object;
  error?: { desc: string };
}
