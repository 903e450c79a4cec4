import { EventEmitter } from "node:events";
import { type Draw, openScreen } from "../../../scripts/status/screen";

class Output extends EventEmitter {
  written = "";
  columns = 40;
  rows = 10;
  constructor(readonly isTTY: boolean) {
    super();
  }
  write(text: string): boolean {
    this.written += text;
    return true;
  }
}

function opened(isTTY: boolean) {
  const output = new Output(isTTY);
  return { output, screen: openScreen(output as unknown as NodeJS.WriteStream) };
}

const sized: Draw = (size) => (size === undefined ? "whole" : `${size.columns}x${size.rows}\nsecond`);

describe("a screen on a terminal", () => {
  test("draws over what was there, again when the size changes, and leaves the last text", () => {
    const { output, screen } = opened(true);
    output.written = "";
    screen.show(sized);
    expect(output.written).toBe("\x1b[H40x10\x1b[K\r\nsecond\x1b[K\x1b[J");
    output.written = "";
    output.columns = 100;
    output.emit("resize");
    expect(output.written).toContain("100x10");
    output.written = "";
    screen.close();
    expect(output.written).toBe("\x1b[?25h\x1b[?1049lwhole\n");
    output.emit("resize");
    expect(output.written).not.toContain("100x10");
  });
});

describe("a screen elsewhere", () => {
  test("prints whole texts, one after the other, without control characters", () => {
    const { output, screen } = opened(false);
    screen.show(sized);
    screen.show(sized);
    screen.close();
    expect(output.written).toBe("whole\nwhole\n");
  });
});
