import { EventEmitter } from "node:events";
import { keyboardEnding, unlessEnded } from "../../../lib/ending";

class Keyboard extends EventEmitter {
  raw = false;
  constructor(readonly isTTY: boolean) {
    super();
  }
  setRawMode(raw: boolean) {
    this.raw = raw;
  }
  pause() {}
}

const listen = (keyboard: Keyboard, ending = new AbortController().signal) =>
  keyboardEnding(keyboard as unknown as NodeJS.ReadStream, ending);

describe("keyboardEnding", () => {
  test.each(["q", "\x03"])("ends at %j and at no other key", (key) => {
    const keyboard = new Keyboard(true);
    const { signal, restore } = listen(keyboard);
    keyboard.emit("data", Buffer.from("x"));
    expect([keyboard.raw, signal.aborted]).toEqual([true, false]);
    keyboard.emit("data", Buffer.from(key));
    expect(signal.aborted).toBe(true);
    restore();
    expect([keyboard.raw, keyboard.listenerCount("data")]).toEqual([false, 0]);
  });

  test("ends with the process too, and leaves alone what is no terminal", () => {
    const process = new AbortController();
    const keyboard = new Keyboard(false);
    expect(listen(keyboard, process.signal).signal).toBe(process.signal);
    const { signal } = listen(new Keyboard(true), process.signal);
    process.abort();
    expect(signal.aborted).toBe(true);
    expect(keyboard.listenerCount("data")).toBe(0);
  });
});

describe("unlessEnded", () => {
  test("gives what the work gives, or nothing at once when the end comes first", async () => {
    const ending = new AbortController();
    expect(await unlessEnded(Promise.resolve(7), ending.signal)).toBe(7);
    const endless = unlessEnded(new Promise<number>(() => {}), ending.signal);
    ending.abort();
    expect(await endless).toBeUndefined();
    expect(await unlessEnded(Promise.resolve(7), ending.signal)).toBeUndefined();
  });
});
