import { type Finding, failure, fine, warning } from "./finding";
import type { Probes } from "./probes";

/** The author's own clock may have been a little ahead. */
const SLACK_MILLISECONDS = 24 * 60 * 60 * 1000;

/** Certificates begin at the host's time: machines whose own clocks are right would refuse those of a clock that is ahead. */
export async function checkClock(probes: Probes): Promise<Finding> {
  const now = probes.now();
  const written = await lastCommit(probes);
  if (written !== undefined && now.getTime() < written.getTime() - SLACK_MILLISECONDS)
    return failure(
      "clock",
      `It is ${minute(now)} by this computer's clock, before this program was written (${minute(written)}).`,
      setCommand(probes.host.platform),
    );
  const synchronized = await isSynchronized(probes);
  if (synchronized === false)
    return warning(
      "clock",
      `It is ${minute(now)} by this computer's clock, which no time server keeps.`,
      `If that is wrong: ${setCommand(probes.host.platform)}`,
    );
  return fine("clock", `${minute(now)}${synchronized ? ", kept by a time server" : ""}`);
}

/** When this checkout was last committed to; undefined outside of git. */
async function lastCommit({ host, run }: Probes): Promise<Date | undefined> {
  const { status, stdout } = await run("git", ["-C", host.project, "log", "-1", "--format=%cI"]);
  const time = new Date(stdout.trim());
  return status === 0 && !Number.isNaN(time.getTime()) ? time : undefined;
}

/** undefined where nobody can tell. */
async function isSynchronized({ host, run }: Probes): Promise<boolean | undefined> {
  switch (host.platform) {
    case "linux": {
      const { stdout } = await run("timedatectl", ["show", "--property=NTPSynchronized", "--value"]);
      return { yes: true, no: false }[stdout.trim()];
    }
    case "darwin": {
      const settings = "/private/var/db/timed/Library/Preferences/com.apple.timed";
      const { stdout } = await run("/usr/bin/defaults", ["read", settings, "TMAutomaticTimeOnlyEnabled"]);
      return { 1: true, 0: false }[stdout.trim()];
    }
    case "win32": {
      // The first line is the leap indicator, in the person's language: 0 to 2 when synchronised, 3 when not.
      const { status, stdout } = await run("w32tm.exe", ["/query", "/status"]);
      const indicator = /^[^:]+: ?([0-3])/.exec(stdout)?.[1];
      return status === 0 && indicator !== undefined ? indicator !== "3" : undefined;
    }
    default:
      return undefined;
  }
}

function setCommand(platform: NodeJS.Platform): string {
  switch (platform) {
    case "darwin":
      return "`sudo sntp -sS time.apple.com`, and System Settings > General > Date & Time: set automatically.";
    case "win32":
      return "in a terminal opened as administrator `net start w32time`, then `w32tm.exe /resync`.";
    default:
      return "`sudo timedatectl set-ntp true`, or set it with `sudo timedatectl set-time`.";
  }
}

function minute(time: Date): string {
  return time.toISOString().replace(/:\d\d\.\d+Z$/, "Z");
}
