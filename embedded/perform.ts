import { endingWith } from "./call-end";
import { SyntaxFailure, VirtualBoxError } from "./errors";
import { openPlace } from "./place";
import { fullDisk } from "./storage/store";
import type { Call } from "./verbs/verb";
import { VERBS } from "./verbs/verbs";
import { VERSION } from "./version";

/** One command line: what a verb is given, before the verb and its place are known. */
export type VerbCall = Omit<Call, "place">;

/**
 * Does what a command line asks, in the place of that environment. The hypervisor's driver calls it in its own process: a start of
 * node would take longer than most verbs.
 * @param end ends it, with an error, wherever it is
 * @returns its exit status; never rejects
 */
export async function perform(
  { args, ...call }: VerbCall,
  environment: NodeJS.ProcessEnv = process.env,
  end: AbortSignal = new AbortController().signal,
): Promise<number> {
  const [first, ...rest] = withoutLogo(args);
  try {
    if (first === "--version" || first === "-V" || first === "-v") {
      call.print(VERSION);
      return 0;
    }
    if (first === undefined) throw new SyntaxFailure("No command specified");
    const verb = VERBS[first];
    if (!verb) throw new SyntaxFailure(`Invalid command '${first}'`, Object.keys(VERBS).join(" | "));
    requireRoot();
    await endingWith(end, () => verb({ place: openPlace(environment), args: rest, ...call }));
    return 0;
  } catch (error) {
    const failure = error instanceof VirtualBoxError ? error : new VirtualBoxError((error as Error).message);
    if (failure.text() !== "") call.warn(failure.text());
    const cause = isRoot() ? causeOf(failure, environment) : undefined;
    if (cause !== undefined) call.warn(`VBoxManage: error: ${cause}`);
    if (environment.KUBE_LAB_EMBEDDED_TRACE && !(error instanceof VirtualBoxError))
      call.warn(`${(error as Error).stack}`);
    return failure.exitStatus;
  }
}

/** What the failure of some program in the depths comes from, where that says only that there is no room. */
function causeOf(failure: VirtualBoxError, environment: NodeJS.ProcessEnv): string | undefined {
  const full = /ENOSPC|EROFS|EIO|No space left|Read-only file system|Input\/output error/.test(
    failure.message,
  )
    ? fullDisk(openPlace(environment))
    : undefined;
  return full !== undefined && !failure.message.includes(full) ? full : undefined;
}

function withoutLogo(args: readonly string[]): string[] {
  return args[0] === "-q" || args[0] === "--nologo" ? args.slice(1) : [...args];
}

/** Machines are containers with namespaces, bridges and mounts of their own. */
function requireRoot(): void {
  if (isRoot()) return;
  throw new VirtualBoxError(
    "kube-lab's stand-in for VBoxManage needs root: it makes containers, network namespaces and mounts. Use sudo, or VirtualBox, which needs none",
  );
}

function isRoot(): boolean {
  return process.getuid?.() === 0;
}
