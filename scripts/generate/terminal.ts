import { element, markup } from "../../ui/markup";

const COLUMNS = 116;
/** Of a character and of a line at 13 px, in most monospaced fonts. */
const CHARACTER = 7.83;
const LINE = 18;
const EDGE = 20;
const BAR = 32;

const style = `text { font: 13px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; fill: #d8dee5; white-space: pre; }
.ground { fill: #12171c; stroke: #313b45; }
.bar { fill: #1f272f; }
.title { fill: #a9b5c1; text-anchor: middle; }
.command { fill: #ffffff; font-weight: 600; }
.created { fill: #7fd6a0; }
.faint { fill: #a9b5c1; }`;

/**
 * A terminal as SVG that shows what `npm run up` said, for who has not run it yet.
 * @param log all that it wrote, to a file
 * @throws Error for a log that does not end with a lab that is up.
 */
export function terminal(log: string): string {
  const lines = shown(log).map((line) => clipped(withoutPlace(line)));
  const width = Math.ceil(COLUMNS * CHARACTER) + 2 * EDGE;
  const height = BAR + lines.length * LINE + 2 * EDGE;
  const text = (line: string, index: number) =>
    line === ""
      ? undefined
      : element(
          "text",
          { class: classOf(line), x: EDGE, y: BAR + EDGE + 10 + index * LINE, "xml:space": "preserve" },
          line,
        );
  const svg = element(
    "svg",
    {
      xmlns: "http://www.w3.org/2000/svg",
      viewBox: `0 0 ${width} ${height}`,
      role: "img",
      "aria-label": "npm run up, in part",
    },
    element("style", {}, style),
    element("rect", { class: "ground", x: 0.5, y: 0.5, width: width - 1, height: height - 1, rx: 8 }),
    element("path", { class: "bar", d: `M1 ${BAR}V9a8 8 0 0 1 8-8H${width - 9}a8 8 0 0 1 8 8V${BAR}z` }),
    element(
      "text",
      { class: "title", x: width / 2, y: 21 },
      "npm run up: set-up, a line for each machine, the end",
    ),
    ...lines.map(text),
  );
  return `${markup(svg)}\n`;
}

/** Set-up's lines, each machine's last one, and everything from the summary on. */
function shown(log: string): string[] {
  const lines = log.trimEnd().split("\n");
  const summary = lines.indexOf("Resources:");
  const end = lines.findIndex((line) => line.startsWith("By hand:"));
  if (summary < 0 || end < summary)
    throw new Error("the log is not of an `npm run up` that brought a lab up");
  const told = lines.slice(0, summary);
  return [
    "$ npm run up",
    ...told.filter((line) => line.startsWith("kube-lab: ")),
    "Updating (dev):",
    "",
    ...told.filter((line) => / created \(\d+(\.\d+)?s\) \S+: converged/.test(line)),
    "",
    ...lines.slice(summary, end + 1),
  ].filter((line, index, all) => line !== "" || all[index - 1] !== "");
}

/** Without the path of the project on somebody's computer. */
function withoutPlace(line: string): string {
  return line.replace(/\/\S*(?=\/\.kube-lab\b)/g, "…");
}

function clipped(line: string): string {
  return line.length <= COLUMNS ? line : `${line.slice(0, COLUMNS - 1)}…`;
}

function classOf(line: string): string {
  if (line.startsWith("$")) return "command";
  if (line.startsWith("kube-lab: ")) return "faint";
  return line.startsWith(" +") ? "created" : "output";
}
