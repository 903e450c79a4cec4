/** Aborted by the first Ctrl-C, or whoever else asks the process to end. */
export function endingSignal(): AbortSignal {
  const ending = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => ending.abort());
  return ending.signal;
}

/** q, and Ctrl-C as a terminal in raw mode sends it. */
const endKeys = ["q", "Q", "\x03"];

/** Aborted by q or Ctrl-C typed in a terminal too, until `restore` gives the keys back. */
export function keyboardEnding(keyboard: NodeJS.ReadStream, ending: AbortSignal) {
  if (!keyboard.isTTY) return { signal: ending, restore: () => {} };
  const typed = new AbortController();
  const listen = (keys: Buffer) => {
    if (endKeys.some((key) => keys.includes(key))) typed.abort();
  };
  keyboard.setRawMode(true);
  keyboard.on("data", listen);
  const restore = () => {
    keyboard.off("data", listen);
    keyboard.setRawMode(false);
    keyboard.pause();
  };
  return { signal: AbortSignal.any([ending, typed.signal]), restore };
}

/** What `work` gives, or undefined as soon as the end has come. */
export async function unlessEnded<T>(work: Promise<T>, ending: AbortSignal): Promise<T | undefined> {
  if (ending.aborted) return undefined;
  let end = () => {};
  const ended = new Promise<undefined>((resolve) => {
    end = () => resolve(undefined);
    ending.addEventListener("abort", end, { once: true });
  });
  try {
    return await Promise.race([work, ended]);
  } finally {
    ending.removeEventListener("abort", end);
  }
}
