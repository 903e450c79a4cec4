import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { transformSync } from "esbuild";

const root = join(__dirname, "..", "..", "..");

/** Packages that are loaded with the SDK, in a process of its own: Jest has another `require`. */
function loadedAfter(program: string): string[] {
  const list = 'console.log(Object.keys(require.cache).join("\\n"))';
  const code = `${program}; require("@pulumi/pulumi"); ${list}`;
  const output = execFileSync(process.execPath, ["--eval", code], { cwd: root, encoding: "utf8" });
  return output.trim().split("\n");
}

test("the SDK comes without npm's dependency solver", () => {
  const source = readFileSync(join(root, "components", "lean-sdk.ts"), "utf8");
  const { code } = transformSync(source, { loader: "ts", format: "cjs" });
  const solver = (files: string[]) => files.filter((file) => file.includes("pacote"));
  expect(solver(loadedAfter(""))).not.toEqual([]);
  expect(solver(loadedAfter(code))).toEqual([]);
});

test("the program loads that before the SDK", () => {
  const [first] = readFileSync(join(root, "index.ts"), "utf8").split("\n");
  expect(first).toBe('import "./components/lean-sdk";');
});
