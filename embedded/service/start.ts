import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import { tryLock } from "../locks";
import { openPlace } from "../place";
import { rerun } from "../rerun";
import { originOf } from "./origin";
import { serviceLock, serviceName, serviceSocket } from "./socket";

/** Bytes. Source: unix(7), sun_path without its end. */
const LONGEST_ADDRESS = 107;

/**
 * Starts a resident service for the calls that follow; not when there is one already. The service outlives this process,
 * which ends no sooner than the service has the lock that makes it the only one.
 */
export async function startService(): Promise<void> {
  const place = openPlace();
  const name = serviceName(originOf(place));
  // The service is in another folder, and a longer address would be cut off.
  const path = serviceSocket(place, name);
  if (!isAbsolute(path) || Buffer.byteLength(path) > LONGEST_ADDRESS) return;
  const lock = tryLock(place, serviceLock(name));
  if (!lock) return;
  const { PATH, KUBE_LAB_EMBEDDED_TRACE } = process.env;
  const log = openSync(join(place.services, "log"), "a", 0o600);
  const [program = process.execPath, ...args] = rerun("--serve", name);
  const service = spawn(program, args, {
    detached: true,
    cwd: "/",
    stdio: ["ignore", log, log, "ipc"],
    env: { PATH, KUBE_LAB_EMBEDDED_FOLDER: place.folder, KUBE_LAB_EMBEDDED_TRACE },
  });
  closeSync(log);
  // Without a service the calls only take longer.
  service.on("error", () => lock.release());
  if (service.pid === undefined) return;
  lock.handTo(service.pid);
  service.unref();
  service.send("yours");
}
