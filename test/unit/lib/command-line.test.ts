import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { forPulumi, pulumiOptions } from "../../../lab/stack/pulumi-options";
import { type Options, parseCommandLine, type Usage } from "../../../lib/command-line";

const project = join(__dirname, "..", "..", "..");

const down: Usage<Options> = { name: "down", does: "takes it down", options: pulumiOptions.destroy };
const ssh: Usage<Options> = { name: "ssh", does: "opens a shell", words: "MACHINE [COMMAND…]", ownWords: 1 };

describe("the arguments of a command", () => {
  it("are its stack, its options and its words", () => {
    expect(parseCommandLine(down, ["--target=a", "-s", "two", "--target", "b", "--diff"], {})).toEqual({
      stack: "two",
      values: { target: ["a", "b"], diff: true },
      words: [],
    });
    expect(parseCommandLine(down, [], { PULUMI_STACK: "three" })).toMatchObject({ stack: "three" });
  });

  it.each([[["--help"]], [["-h"]], [["--target", "x", "-h"]], [["--no-such", "--help"]]])(
    "%j asks for help alone",
    (words) => expect(parseCommandLine(down, words, {})).toBe("help"),
  );

  it.each([
    [["--preview-onyl"], "--preview-onyl"],
    [["two"], "two"],
    [["--", "--help"], "--help"],
    [["--stack"], "--stack: its NAME is missing"],
    [["--stack="], "--stack: its NAME is missing"],
    [["--target", "--diff"], "--target --diff: its URN is missing"],
    [["--diff=false"], "--diff takes no value"],
    [["-q"], "-q"],
    [["--remove"], "--remove"],
    [["--cwd", "/elsewhere"], "--cwd"],
  ])("%j is refused", (words, problem) => {
    expect(() => parseCommandLine(down, words, {})).toThrow(problem);
  });

  it("are refused with everything that is wrong with them", () => {
    expect(() => parseCommandLine(down, ["--one", "two"], {})).toThrow(/--one(.|\n)*two/);
  });

  it.each([
    ["npm_config_target", "urn:x", "--target"],
    ["npm_config_preview_only", "true", "--preview-only"],
    ["npm_config_dry_run", "true", "--dry-run"],
    ["npm_config_stack", "two", "--stack"],
  ])("that npm took for itself, as %s, are not skipped", (variable, value, option) => {
    expect(() => parseCommandLine(down, [], { [variable]: value })).toThrow(`npm run down -- ${option}`);
  });

  it("are somebody else's from the command on that a machine is to run", () => {
    expect(parseCommandLine(ssh, ["-s", "two", "kube-mast01", "ls", "-la", "--help"], {})).toEqual({
      stack: "two",
      values: {},
      words: ["kube-mast01", "ls", "-la", "--help"],
    });
    expect(parseCommandLine(ssh, ["kube-mast01", "--stack", "two"], {})).toMatchObject({ stack: "two" });
    expect(() => parseCommandLine(ssh, ["kube-mast01", "-l"], {})).toThrow("-l");
  });

  it("reach Pulumi as they were given", () => {
    expect(forPulumi({ target: ["a", "b"], diff: true, message: "-x", json: false })).toEqual([
      "--target=a",
      "--target=b",
      "--diff",
      "--message=-x",
    ]);
  });
});

describe("every command of package.json", () => {
  const { scripts } = JSON.parse(readFileSync(join(project, "package.json"), "utf8")) as {
    scripts: Record<string, string>;
  };
  const launched = Object.values(scripts).flatMap((line) => /launch\.mjs (\S+)$/.exec(line)?.[1] ?? []);
  const commands = [...new Set(launched)];

  // In a folder of its own: whatever it did would be seen there.
  it.each(commands)(
    "%s says what it does, and does nothing",
    async (command) => {
      const folder = mkdtempSync(join(tmpdir(), "kube-lab-help-"));
      try {
        const script = join(project, command);
        const tsx = pathToFileURL(require.resolve("tsx")).href;
        const child = spawn(process.execPath, ["--import", tsx, script, "--help"], {
          cwd: folder,
          env: { ...process.env, PATH: folder },
          stdio: ["ignore", "pipe", "pipe"],
        });
        const { status, stdout, stderr } = await ended(child);
        expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
        expect(stdout).toMatch(/^npm (run \S+|test) \[-- .*\]: \S/);
        expect(readdirSync(folder)).toEqual([]);
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
    60_000,
  );
});

async function ended(child: ChildProcess) {
  const text = { stdout: "", stderr: "" };
  child.stdout?.on("data", (data: Buffer) => (text.stdout += data.toString()));
  child.stderr?.on("data", (data: Buffer) => (text.stderr += data.toString()));
  const status = await new Promise((resolve) => child.on("close", resolve));
  return { status, ...text };
}
