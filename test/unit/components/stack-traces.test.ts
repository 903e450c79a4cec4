import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { transformSync } from "esbuild";

const file = join(__dirname, "..", "..", "..", "components", "stack-traces.ts");
const stackTraces = transformSync(readFileSync(file, "utf8"), { loader: "ts", format: "cjs" }).code;

/** What a program prints whose traces are mapped, and whose errors are shown as the SDK shows them. */
function printed(program: string): string[] {
  const around = `
    const show = (error) => console.log(error.stack);
    process.on("uncaughtException", show);
    process.on("unhandledRejection", show);
    Error.prepareStackTrace = (error, frames) => error.message + frames.map(() => "\\n    at mapped").join("");`;
  const words = ["--eval", [around, stackTraces, program].join("\n")];
  return execFileSync(process.execPath, words, { encoding: "utf8" }).trim().split("\n");
}

const deep = "const deep = (n) => { if (n === 0) throw new Error('wrong'); deep(n - 1); };";

test("traces that nobody sees are not mapped", () => {
  expect(printed("console.log(new Error('seen by the program').stack.includes('mapped'))")).toEqual([
    "false",
  ]);
});

test.each([
  ["thrown", "setTimeout(() => deep(20));"],
  ["of a promise", "(async () => { await null; deep(20); })();"],
])("an error that is %s is shown mapped and whole", (_, program) => {
  expect(printed(`${deep} ${program}`)).toEqual(["wrong", ...Array(10).fill("    at mapped")]);
});

test("frames of packages are shown as they are", () => {
  const library = "(function ofLibrary(f) { f(); })";
  const program = `
    const ofLibrary = require("node:vm").runInThisContext(${JSON.stringify(library)}, "/app/node_modules/@pulumi/x.js");
    (async () => { await null; ofLibrary(() => { throw new Error("wrong"); }); })();`;
  expect(printed(program)).toEqual([
    "wrong",
    "    at mapped",
    expect.stringMatching(/^ {4}at ofLibrary \(\/app\/node_modules\/@pulumi\/x\.js:1:\d+\)$/),
    "    at mapped",
  ]);
});
