import type { Log } from "../../lib/progress";

const heartbeatMs = 20_000;

/**
 * Runs one step and tells its begin, every 20 s that it goes on, and its end, with the seconds it took.
 * @param detail says at each heartbeat what the step is at.
 */
export async function step<T>(
  log: Log,
  name: string,
  work: () => Promise<T>,
  detail: () => string = () => "",
): Promise<T> {
  const began = Date.now();
  const seconds = (): string => `${((Date.now() - began) / 1000).toFixed(1)} s`;
  log(`${name} …`);
  const heartbeat = setInterval(() => {
    const at = detail();
    log(`${name}: ${seconds()} so far${at === "" ? "" : `, ${at}`}`);
  }, heartbeatMs);
  try {
    const result = await work();
    log(`${name}: done in ${seconds()}`);
    return result;
  } catch (error) {
    log(`${name}: failed after ${seconds()}`);
    throw error;
  } finally {
    clearInterval(heartbeat);
  }
}
