import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { cacheFolder } from "../lib/cache";
import { ensureHostPackages } from "../lib/debian-packages";
import { RemedyError } from "../lib/remedy-error";
import { setUp } from "./set-up/set-up";
import { packageProgram } from "./test/package-program";
import { testPackages } from "./test/packages";
import { requireRoom } from "./test/room";

const help = `npm test [-- WORDS AND OPTIONS FOR JEST]: runs all tests that need no lab; npm run test:lab, those of a whole lab; npm run test:upgrade, those of a lab that gets other releases of Kubernetes; npm run test:ageing, those of labs that lose machines and certificates, and whose updates are cut off; npm run test:machines, those of a small lab of real machines; npm run test:network-policy, upstream's of NetworkPolicies; npm run test:registries, those of registries`;

/** Tests of a lab, each by a command of its own: `npm run test:lab`. */
const ofLabs = ["lab", "ageing", "upgrade", "machines", "network-policy", "registries"];

interface Run {
  /** A regular expression. */
  paths: string;
  options: string[];
}

/** Tests that take nothing of the computer but its processors go as many at once; the others make machines, disks and networks. */
const together = ["unit", "rendered"];
const ofNoLab: Run[] = [
  { paths: `test/(${together.join("|")})/`, options: [`--maxWorkers=${availableParallelism()}`] },
  { paths: `test/(?!(${[...together, ...ofLabs].join("|")})/)`, options: ["--runInBand"] },
];

/** Free space for disks of machines, base disks and file systems that tests make; the caches are there already. */
const roomGiB = { others: 8, lab: 15 };

/**
 * `npm test` runs all that needs no lab: formatter, linter, compiler, needless exports, unit, rendered, engine and stand-in tests.
 * `npm run test:lab` brings the whole lab up, `npm run test:ageing` labs that lose machines and certificates, and
 * whose updates are cut off, `npm run test:upgrade` one that is upgraded, `npm run test:machines` a small one of real
 * machines, `npm run test:network-policy` a small one that upstream's own tests ask, `npm run test:registries` one that has images from a
 * registry of the test's. Other words and options go on to jest.
 * Its last line is `N passed, N failed`.
 */
async function main(): Promise<void> {
  const [first, ...rest] = process.argv.slice(2);
  if (process.argv.slice(2).some((word) => word === "--help" || word === "-h")) return console.log(help);
  const lab = ofLabs.find((name) => name === first);
  const jestArguments = lab ? rest : process.argv.slice(2);
  requireRoom([tmpdir(), cacheFolder(), process.cwd()], roomGiB[lab ? "lab" : "others"]);
  const environment = (await setUp("dev")).environment;

  const counts = { passed: 0, failed: 0 };
  if (!lab || lab === "machines") ensureHostPackages(testPackages);
  if (!lab) {
    const checks: [string, string, string[]][] = [
      ["@biomejs/biome", "biome", ["check"]],
      ["typescript", "tsc", []],
      ["knip", "knip", []],
    ];
    for (const [name, program, programArguments] of checks) {
      const passed = run(packageProgram(name, program), programArguments, environment);
      counts[passed ? "passed" : "failed"] += 1;
    }
  }
  for (const { paths, options } of lab ? [{ paths: `test/${lab}/`, options: [] }] : ofNoLab) {
    const jest = runJest([paths], [...options, ...jestArguments], environment);
    counts.passed += jest.passed;
    counts.failed += jest.failed;
  }
  console.log(`${counts.passed} passed, ${counts.failed} failed`);
  process.exitCode = counts.failed === 0 && counts.passed > 0 ? 0 : 1;
}

/** Runs a script of an npm package by Node.js: its shim in node_modules/.bin is a batch file on Windows. */
function run(script: string, scriptArguments: string[], environment: NodeJS.ProcessEnv): boolean {
  const options = { stdio: "inherit" as const, env: environment };
  return spawnSync(process.execPath, [script, ...scriptArguments], options).status === 0;
}

/** A suite that could not even start, or a test that was skipped where everything is required, counts as failed. */
function runJest(
  paths: string[],
  more: string[],
  environment: NodeJS.ProcessEnv,
): { passed: number; failed: number } {
  const folder = mkdtempSync(join(tmpdir(), "kube-lab-test-"));
  try {
    const report = join(folder, "jest.json");
    const options = ["--json", `--outputFile=${report}`, "--testLocationInResults=false"];
    const finished = run(packageProgram("jest", "jest"), [...options, ...more, ...paths], environment);
    const result = JSON.parse(readFileSync(report, "utf8")) as JestReport;
    const skipped = environment.REQUIRE_ALL === "1" ? result.numPendingTests : 0;
    const failed = result.numFailedTests + result.numRuntimeErrorTestSuites + skipped;
    return { passed: result.numPassedTests, failed: finished ? failed : Math.max(failed, 1) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

interface JestReport {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  numRuntimeErrorTestSuites: number;
}

main().catch((error: Error) => {
  console.error(`kube-lab: ${error.message}`);
  if (error instanceof RemedyError) console.error(error.remedy);
  console.log("0 passed, 1 failed");
  process.exitCode = 1;
});
