import { SyntaxFailure, VirtualBoxError } from "./errors";
import { type StartReport, Supervisor } from "./machine/supervisor";
import { runConnector } from "./network/connector";
import { openPlace } from "./place";
import { rerun } from "./rerun";
import { VERBS } from "./verbs/verbs";
import { VERSION } from "./version";

/** VBoxManage's stand-in: one verb a call. Its two other roles are started by itself. */
async function main(args: string[]): Promise<number> {
  const [first, ...rest] = args[0] === "-q" || args[0] === "--nologo" ? args.slice(1) : args;
  switch (first) {
    case "--version":
    case "-V":
    case "-v":
      console.log(VERSION);
      return 0;
    case "--supervise":
      return superviseMachine(rest[0] ?? "");
    case "--connect":
      runConnector();
      return 0;
  }
  try {
    if (first === undefined) throw new SyntaxFailure("No command specified");
    const verb = VERBS[first];
    if (!verb) throw new SyntaxFailure(`Invalid command '${first}'`, Object.keys(VERBS).join(" | "));
    requireRoot();
    await verb({ place: openPlace(), args: rest, print, warn });
    return 0;
  } catch (error) {
    const failure = error instanceof VirtualBoxError ? error : new VirtualBoxError((error as Error).message);
    if (failure.text() !== "") warn(failure.text());
    if (process.env.KUBE_LAB_EMBEDDED_TRACE && !(error instanceof VirtualBoxError))
      warn(`${(error as Error).stack}`);
    return failure.exitStatus;
  }
}

/** Machines are containers with namespaces, bridges and mounts of their own. */
function requireRoot(): void {
  if (process.getuid?.() === 0) return;
  throw new VirtualBoxError(
    "kube-lab's stand-in for VBoxManage needs root: it makes containers, network namespaces and mounts. Use sudo, or VirtualBox, which needs none",
  );
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
