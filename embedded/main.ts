import { type StartReport, Supervisor } from "./machine/supervisor";
import { runConnector } from "./network/connector";
import { isVerb, perform } from "./perform";
import { openPlace } from "./place";
import { rerun } from "./rerun";
import { serveCalls } from "./service/service";
import { startService } from "./service/start";

/** VBoxManage's stand-in: one verb a call. Its other roles are started by itself, `--with-service` by its client. */
async function main(args: string[]): Promise<number> {
  const [role, ...rest] = args;
  switch (role) {
    case "--supervise":
      return superviseMachine(rest[0] ?? "");
    case "--connect":
      runConnector();
      return 0;
    case "--serve":
      await serveCalls(openPlace(), rest[0] ?? "");
      return 0;
    case "--with-service":
      // Where it cannot start, the verb itself says why or needs none.
      if (isVerb(rest)) await startService().catch(() => undefined);
      return perform({ args: rest, directory: "", print, warn });
  }
  return perform({ args, directory: "", print, warn });
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
