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

/** npm's dependency solver, npm's reader of packages, and what drives the CLI. */
const unwanted = ["pacote", "spdx-correct", join("automation", "stack.js")];

test.each(unwanted)("the SDK comes without %s", (part) => {
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

test("the program itself comes without them", () => {
  const [files = ""] = printed(
    'require("tsx/cjs"); require("./index.ts"); console.log(Object.keys(require.cache).join(" "));',
  );
  expect(files).toContain(join("@pulumi", "pulumi", "index.js"));
  for (const part of unwanted) expect(files).not.toContain(part);
});
