import type { Size } from "../../lab/status-text";

/** Where text appears again and again; `draw` makes it for a size, or whole where there is none. */
export interface Screen {
  show(draw: Draw): void;
  /** Leaves the last text behind. */
  close(): void;
}

export type Draw = (size?: Size) => string;

const enter = "\x1b[?1049h\x1b[?25l";
const leave = "\x1b[?25h\x1b[?1049l";
const home = "\x1b[H";
const restOfLine = "\x1b[K";
const restOfScreen = "\x1b[J";

/** In place on a terminal, one text after the other elsewhere. */
export function openScreen(output: NodeJS.WriteStream): Screen {
  return output.isTTY
    ? terminalScreen(output)
    : { show: (draw) => void output.write(`${draw()}\n`), close() {} };
}

function terminalScreen(output: NodeJS.WriteStream): Screen {
  let last: Draw | undefined;
  const paint = () => {
    if (last === undefined) return;
    const lines = last({ columns: output.columns, rows: output.rows }).split("\n");
    output.write(`${home}${lines.map((line) => `${line}${restOfLine}`).join("\r\n")}${restOfScreen}`);
  };
  output.write(enter);
  output.on("resize", paint);
  return {
    show(draw) {
      last = draw;
      paint();
    },
    close() {
      output.off("resize", paint);
      output.write(`${leave}${last === undefined ? "" : `${last()}\n`}`);
    },
  };
}
