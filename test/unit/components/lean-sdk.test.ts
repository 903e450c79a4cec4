import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { transformSync } from "esbuild";

const root = join(__dirname, "..", "..", "..");
const leanSdk = transformSync(readFileSync(join(root, "components", "lean-sdk.ts"), "utf8"), {
  loader: "ts",
  format: "cjs",
}).code;

/** The lines that a program prints, in a process of its own: Jest has another `require`. */
function printed(...program: string[]): string[] {
  const output = execFileSync(process.execPath, ["--eval", program.join("\n")], {
    cwd: root,
    encoding: "utf8",
  });
  return output.trim().split("\n");
}

test.each([
  ["npm's dependency solver", "pacote"],
  ["npm's reader of packages", "spdx-correct"],
  ["what drives the CLI", join("automation", "stack.js")],
])("the SDK comes without %s", (_, part) => {
  const list = 'require("@pulumi/pulumi"); console.log(Object.keys(require.cache).join("\\n"))';
  const parts = (files: string[]) => files.filter((file) => file.includes(part));
  expect(parts(printed(list))).not.toEqual([]);
  expect(parts(printed(leanSdk, list))).toEqual([]);
});

test("the engine is told what people read, not the SDK's trace", () => {
  const messages = `
    const engine = { log: (request, done) => { console.log(request.getMessage()); done(); } };
    require("@pulumi/pulumi/runtime/settings").getEngine = () => engine;
    const { log } = require("@pulumi/pulumi");
    log.debug("a trace").then(() => log.warn("a warning"));`;
  expect(printed(messages)).toEqual(["a trace", "a warning"]);
  expect(printed(leanSdk, messages)).toEqual(["a warning"]);
});

test("the program loads that before the SDK", () => {
  const [first] = readFileSync(join(root, "index.ts"), "utf8").split("\n");
  expect(first).toBe('import "./components/lean-sdk";');
});
