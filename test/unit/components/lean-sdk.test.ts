import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { transformSync } from "esbuild";

const root = join(__dirname, "..", "..", "..");
const leanSdk = transformSync(readFileSync(join(root, "components", "lean-sdk.ts"), "utf8"), {
  loader: "ts",
  format: "cjs",
}).code;

/** The lines that a program prints, in a process of its own: Jest has another `require`. */
function printed(...program: string[]): string[] {
  return printedIn(root, ...program);
}

function printedIn(folder: string, ...program: string[]): string[] {
  const output = execFileSync(process.execPath, ["--eval", program.join("\n")], {
    cwd: folder,
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

const sdkOfBefore = {
  "@npmcli/arborist/index.js": "",
  "normalize-package-data/index.js": "",
  "@pulumi/pulumi/automation/index.js": "",
};

test.each<[string, Record<string, string>]>([
  ["has none of the parts that are left out", { "@pulumi/pulumi/index.js": 'exports.is = "whole";' }],
  [
    "builds on one of them",
    {
      ...sdkOfBefore,
      "@pulumi/pulumi/automation/index.js": "exports.Stack = class {};",
      "@pulumi/pulumi/index.js":
        'class Own extends require("./automation").Stack {} exports.is = new Own() && "whole";',
    },
  ],
  ["has no log of that name", { ...sdkOfBefore, "@pulumi/pulumi/index.js": 'exports.is = "whole";' }],
  [
    "lets nobody replace its log",
    {
      ...sdkOfBefore,
      "@pulumi/pulumi/log/index.js":
        'Object.defineProperty(exports, "debug", { get: () => () => "its own" });',
      "@pulumi/pulumi/index.js": 'exports.is = "whole";',
    },
  ],
])("a program goes on with an SDK that %s", (_, files) => {
  const folder = mkdtempSync(join(tmpdir(), "kube-lab-sdk-"));
  try {
    for (const [name, content] of Object.entries(files)) {
      const file = join(folder, "node_modules", name);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, content);
    }
    expect(printedIn(folder, leanSdk, 'console.log(require("@pulumi/pulumi").is)')).toEqual(["whole"]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
