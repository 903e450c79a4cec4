import { type StartReport, Supervisor } from "./machine/supervisor";
import { runConnector } from "./network/connector";
import { perform } from "./perform";
import { openPlace } from "./place";
import { rerun } from "./rerun";

/** VBoxManage's stand-in as people call it: one verb a call. Its other roles are started by itself. */
async function main(args: string[]): Promise<number> {
  const [role, ...rest] = args;
  switch (role) {
    case "--supervise":
      return superviseMachine(rest[0] ?? "");
    case "--connect":
      runConnector();
      return 0;
  }
  return perform({ args, print, warn });
}

async function superviseMachine(uuid: string): Promise<number> {
  const report = (result: StartReport) => {
    if (process.connected) process.send?.(result);
  };
  await new Supervisor(openPlace(), uuid, rerun("--connect")).run(report);
  return 0;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

function warn(line: string): void {
  process.stderr.write(`${line}\n`);
}

main(process.argv.slice(2)).then(
  (status) => {
    process.exitCode = status;
  },
  (error: Error) => {
    warn(`${error.stack}`);
    process.exitCode = 1;
  },
);
