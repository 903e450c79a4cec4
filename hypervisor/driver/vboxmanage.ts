import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { cacheFolder } from "../../lib/cache";
import type { Host } from "../../lib/host";
import { withLock } from "../../lib/lock";
import { type ProcessResult, type RunProcess, runProcess } from "../../lib/process";
import type { Log } from "../../lib/progress";
import type { Hypervisor } from "../../plan/lab-plan";
import { DRIVER_REMEDY, errorCode, remedyFor, VBoxManageError } from "./errors";
import { locateVBoxManage } from "./locate";
import { cleaned, errorLines, hasDriverWarning, saysError } from "./output";
import { standInProcess } from "./stand-in";

/** Bound and pauses of the repetition when another process holds the machine. */
export interface RetryRule {
  boundSeconds: number;
  firstPauseMilliseconds: number;
  longestPauseMilliseconds: number;
}

const RETRY: RetryRule = { boundSeconds: 30, firstPauseMilliseconds: 100, longestPauseMilliseconds: 2_000 };

/** How long one call may take when nothing else is said. */
const TIMEOUT_SECONDS = 120;

/** How long creations by other processes are waited for. */
const EXCLUSIVE_BOUND_SECONDS = 900;

/** Calls that take long: they run beside others. */
const LONG = ["startvm", "controlvm", "convertfromraw", "clonemedium"];
/** How long others wait for a call that should be short. */
const TURN_MILLISECONDS = 1_000;

export interface VBoxManageOptions {
  path: string;
  hypervisor: Hypervisor;
  platform: NodeJS.Platform;
  environment: NodeJS.ProcessEnv;
  /** File of the lock for calls that must not run side by side. */
  lockFile: string;
  log: Log;
  run?: RunProcess;
  retry?: RetryRule;
}

/** The one place that runs VBoxManage: by argument list, with a bound, repeated where another process holds a lock. */
export class VBoxManage {
  readonly path: string;
  readonly hypervisor: Hypervisor;
  readonly platform: NodeJS.Platform;
  /** Of the program that calls. */
  readonly environment: NodeJS.ProcessEnv;
  private readonly run: RunProcess;
  private readonly retry: RetryRule;
  /** Ends with the last call so far that waits for its turn. */
  private turn: Promise<unknown> = Promise.resolve();

  constructor(private readonly options: VBoxManageOptions) {
    this.path = options.path;
    this.hypervisor = options.hypervisor;
    this.platform = options.platform;
    this.environment = options.environment;
    this.run = options.run ?? runProcess;
    this.retry = options.retry ?? RETRY;
  }

  /**
   * Runs VBoxManage and gives its standard output, without carriage returns and driver warning.
   * @throws VBoxManageError with arguments, code and remedy.
   */
  async call(args: readonly string[], timeoutSeconds = TIMEOUT_SECONDS): Promise<string> {
    const started = Date.now();
    for (let pause = this.retry.firstPauseMilliseconds; ; pause *= 2) {
      const result = await this.inTurn(args[0] ?? "", () =>
        this.run(this.path, args, { timeoutSeconds, environment: this.englishEnvironment() }),
      );
      const error = failure(args, result, timeoutSeconds);
      if (!error) return cleaned(result.stdout);
      const elapsed = (Date.now() - started) / 1000;
      if (!(error.isLocked || error.isUnreachable) || elapsed >= this.retry.boundSeconds) throw error;
      if (elapsed >= 5)
        this.options.log(`another process holds it, ${args[0]} waits, ${Math.round(elapsed)} s`);
      // Processes that met once should not meet again: up to a quarter of the pause is left to chance.
      await sleep(Math.min(pause, this.retry.longestPauseMilliseconds) * (0.75 + Math.random() / 4));
    }
  }

  /**
   * Short calls start one after the other, from all processes of this computer. Together they are no faster, since the one
   * service answers them all; but of those that come together each thirtieth hangs for ten seconds at its end, in turn each
   * hundredth, and several may start the service at once and lose it. Measured with 7.2.22 on Linux.
   */
  private async inTurn<T>(verb: string, work: () => Promise<T>): Promise<T> {
    const { lockFile, log } = this.options;
    if (this.hypervisor === "embedded" || LONG.includes(verb)) return work();
    const lock = { log, what: "VirtualBox", boundSeconds: EXCLUSIVE_BOUND_SECONDS };
    const mine = this.turn.then(() =>
      withLock(`${lockFile}-call`, lock, async () => {
        const running = work();
        await endOrBound(running, TURN_MILLISECONDS);
        // In an object, since a promise would be waited for.
        return { running };
      }),
    );
    this.turn = mine.catch(() => undefined);
    return (await mine).running;
  }

  /** Like `call`, but undefined where the machine or medium does not exist. */
  async callIfThere(args: readonly string[], timeoutSeconds?: number): Promise<string | undefined> {
    try {
      return await this.call(args, timeoutSeconds);
    } catch (error) {
      if (error instanceof VBoxManageError && error.isNotFound) return undefined;
      throw error;
    }
  }

  /**
   * Runs calls that create, clone, register or remove machines and media. Several at once trip VirtualBox's own locks
   * (VirtualBox #80; Vagrant and Packer lock likewise), so one process at a time; the stand-in locks by itself.
   */
  async exclusively<T>(what: string, work: () => Promise<T>): Promise<T> {
    if (this.hypervisor === "embedded") return work();
    const { lockFile, log } = this.options;
    return withLock(
      lockFile,
      { log, what: `VirtualBox, for ${what}`, boundSeconds: EXCLUSIVE_BOUND_SECONDS },
      work,
    );
  }

  /** Messages in English and paths in UTF-8, whatever the person's language is. */
  private englishEnvironment(): NodeJS.ProcessEnv {
    if (this.platform === "win32") return this.environment;
    const language = this.platform === "darwin" ? "en_US.UTF-8" : "C.UTF-8";
    return { ...this.environment, LANG: language, LC_ALL: language };
  }
}

/** Comes back when the work has ended, however it did, or after so long without it. */
async function endOrBound(work: Promise<unknown>, milliseconds: number): Promise<void> {
  const over = new AbortController();
  const bound = sleep(milliseconds, undefined, { signal: over.signal });
  await Promise.race([work, bound]).catch(() => undefined);
  over.abort();
}

function failure(
  args: readonly string[],
  result: ProcessResult,
  timeoutSeconds: number,
): VBoxManageError | undefined {
  if (result.startError)
    return new VBoxManageError(
      args,
      null,
      result.startError,
      "it could not be started",
      "Is VirtualBox installed whole?",
    );
  if (result.timedOut)
    return new VBoxManageError(
      args,
      result.status,
      "",
      `no end within ${timeoutSeconds} s`,
      "VBoxSVC may hang: end all VirtualBox programs, then run again.",
    );
  if (result.status === 0 && !saysError(result.stderr)) return undefined;
  const lines = errorLines(result.stderr);
  const detail = (lines.length > 0 ? lines : errorLines(result.stdout)).join("\n") || "it said nothing";
  // The error itself says only that the machine has terminated; Debian's warning is on standard output, Oracle's on the other.
  const lacksDriver = args[0] === "startvm" && hasDriverWarning(result.stdout + result.stderr);
  const remedy = lacksDriver ? DRIVER_REMEDY : remedyFor(detail);
  return new VBoxManageError(args, result.status, errorCode(detail), detail, remedy);
}

/** VBoxManage of this host, ready to call. */
export function openVBoxManage(hypervisor: Hypervisor, host: Host, log: Log, run?: RunProcess): VBoxManage {
  const standIn = hypervisor === "embedded" ? standInProcess(host) : undefined;
  return new VBoxManage({
    path: locateVBoxManage(hypervisor, host),
    hypervisor,
    platform: host.platform,
    environment: host.environment,
    // One VirtualBox service per person, and one cache folder.
    lockFile: join(cacheFolder(host.environment, host.platform), "locks", "virtualbox"),
    log,
    run: run ?? standIn ?? runProcess,
  });
}
