import { AsyncLocalStorage } from "node:async_hooks";

const signals = new AsyncLocalStorage<AbortSignal>();

/** Does a call's work, which stops when `end` is aborted: it starts no program and takes no lock any more. */
export function endingWith<T>(end: AbortSignal, work: () => T): T {
  return signals.run(end, work);
}

/** What ends the call that is being done; undefined where nothing but the end of its process does. */
export function callEnd(): AbortSignal | undefined {
  return signals.getStore();
}
