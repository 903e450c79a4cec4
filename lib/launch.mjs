// Hands over to a program of ours, `scripts/up.ts`, after installing the npm packages when they are missing or out of date.
// Plain JavaScript without imports from npm: it must run in a fresh clone.
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { npmProgram } from "./npm-program.mjs";

const STANDARD_OUTPUT = 1;
const STANDARD_ERROR = 2;

const project = dirname(dirname(fileURLToPath(import.meta.url)));
const [program, ...programArguments] = process.argv.slice(2);

requireNode(20);
process.chdir(project);
installPackages();
handOver(process.execPath, ["--import", "tsx", program, ...programArguments]);

/** Ends as the program does, which says what a signal means. A terminal's Ctrl-C reaches both of us. */
function handOver(program, programArguments) {
  const child = spawn(program, programArguments, { stdio: "inherit" });
  process.on("SIGINT", () => process.stdin.isTTY || child.kill("SIGINT"));
  for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("error", (error) => {
    console.error(`kube-lab: ${program} could not be started: ${error.message}`);
    process.exit(1);
  });
  child.on("exit", (status) => process.exit(status ?? 1));
}

function requireNode(least) {
  const major = Number(process.versions.node.split(".")[0]);
  if (major >= least) return;
  console.error(
    `kube-lab needs Node.js ${least} or newer; this is ${process.version}. See https://nodejs.org.`,
  );
  process.exit(1);
}

/**
 * Installs what the lockfile says, unless node_modules was installed from this very lockfile by this Node.js. Not `npm ci`,
 * which would begin by removing all that is there.
 */
function installPackages() {
  const marker = join("node_modules", ".kube-lab-installed");
  const wanted = createHash("sha256")
    .update(readFileSync("package-lock.json"))
    .update(process.version)
    .digest("hex");
  if (existsSync(marker) && readFileSync(marker, "utf8") === wanted) return;
  // All on standard error: standard output may be read as JSON.
  console.error("kube-lab: installing npm packages (once)");
  // The install script of @pulumi/command downloads its plugin; set-up does that, or its stand-in.
  const npm = npmProgram({ execPath: process.execPath, environment: process.env, exists: existsSync }) ?? [
    "npm",
  ];
  const options = ["--no-save", "--ignore-scripts", "--no-audit", "--no-fund"];
  const status = run(npm[0], [...npm.slice(1), "install", ...options], STANDARD_ERROR);
  if (status !== 0) process.exit(status);
  writeFileSync(marker, wanted);
}

/** Runs a program with our own terminal; its exit status, or 1 when a signal ended it. */
function run(program, programArguments, output = STANDARD_OUTPUT) {
  const result = spawnSync(program, programArguments, { stdio: ["inherit", output, "inherit"] });
  if (result.error) console.error(`kube-lab: ${program} could not be started: ${result.error.message}`);
  return result.status ?? 1;
}
