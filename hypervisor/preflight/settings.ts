import { existsSync, mkdirSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { closest } from "fastest-levenshtein";
import { writeAtomically } from "../../lib/atomic-file";
import { cacheFolder } from "../../lib/cache";
import { sha256Of } from "../../lib/checksum";
import { type ProcessResult, runProcess } from "../../lib/process";
import { withTemporaryFolder } from "../../lib/temporary-folder";
import { merged, type Problem, removeCommand } from "../../plan/config/problems";
import { argumentsOf, hasNoSettings, kubeletFieldsOf } from "../../plan/kubernetes-settings";
import { type ControlPlaneProgram, controlPlanePrograms, type LabPlan } from "../../plan/lab-plan";
import { bundledProgram } from "../../supply/kubernetes/programs";
import { type Finding, failure, fine } from "./finding";

/**
 * The lab's own release of Kubernetes judges the settings of its programs: those of the bundle read them on this computer, and end
 * before they do anything. Where they do not run, the first machine that tries the settings judges.
 */

const RUN_SECONDS = 60;

/** Keys of the control plane's programs. */
const keyOf: Record<ControlPlaneProgram, string> = {
  "kube-apiserver": "kubernetes.apiServer.extraArguments",
  "kube-controller-manager": "kubernetes.controllerManager.extraArguments",
  "kube-scheduler": "kubernetes.scheduler.extraArguments",
};

export async function checkSettings(plan: LabPlan): Promise<Finding[]> {
  const problems = await refusedSettings(plan);
  if (problems.length > 0)
    return problems.map(({ key, value, reason, allowed, fix }) =>
      failure("settings", `kube-lab:${key} = ${JSON.stringify(value)}: ${reason}; allowed: ${allowed}`, fix),
    );
  return hasNoSettings(plan.kubernetes.settings) ? [] : [fine("settings", "taken by Kubernetes' programs")];
}

/** Every setting that Kubernetes' own programs refuse. @param cache the folder with their bundle */
export async function refusedSettings({ kubernetes }: LabPlan, cache = cacheFolder()): Promise<Problem[]> {
  const { settings, version } = kubernetes;
  if (hasNoSettings(settings)) return [];
  const fields = kubeletFieldsOf(settings);
  const found: Problem[] = [];
  // One after the other: each is large, and unpacked in memory.
  for (const program of controlPlanePrograms)
    found.push(...(await refusedFlags(program, argumentsOf(settings, program), version, cache)));
  found.push(...(await refusedFields(fields, version, cache)));
  return merged(uniqueOf(found));
}

/** All programs know the same gates. */
function uniqueOf(problems: readonly Problem[]): Problem[] {
  return [...new Map(problems.map((one) => [JSON.stringify(one), one])).values()];
}

async function refusedFlags(
  program: ControlPlaneProgram,
  flags: readonly string[],
  version: string,
  cache: string,
): Promise<Problem[]> {
  if (flags.length === 0) return [];
  return judged(program, flags, version, cache, async (file) => {
    const problemIn = async (some: readonly string[]) =>
      refusalOfFlags(await run(file, [...some, "--version"]));
    const all = await problemIn(flags);
    if (all === undefined || all === TAKEN) return all;
    // One after the other tells which; a program says only what is wrong first.
    const each = await Promise.all(flags.map(async (flag) => ({ flag, reason: await problemIn([flag]) })));
    const wrong = each.flatMap(({ flag, reason }) =>
      reason === undefined || reason === TAKEN ? [] : [{ flag, reason }],
    );
    if (wrong.length === 0)
      return [problem(keyOf[program], flags.join(" "), all, `what ${program} ${version} takes`)];
    const known = wrong.some(({ reason }) => reason.startsWith("unknown flag")) ? await flagsOf(file) : [];
    return wrong.map(({ flag, reason }) => flagProblem(program, version, flag, reason, known));
  });
}

const TAKEN = "taken";

/** `taken`, or why not; undefined where the program could not be asked here. */
type Verdict = string | undefined;

/** By how a program ended that was asked for its version, with flags before that. */
function refusalOfFlags({ status, stderr }: ProcessResult): Verdict {
  if (status === 0) return TAKEN;
  const line = stderr.split("\n").findLast((text) => /err=|^Error: |^panic: /.test(text));
  return line === undefined ? undefined : legible(line);
}

function legible(line: string): string {
  const said = /err="((?:[^"\\]|\\.)*)"/.exec(line)?.[1] ?? line.replace(/^(Error|panic): /, "");
  return said.replaceAll('\\"', '"').replaceAll("\\n", " ").slice(0, 300);
}

function flagProblem(
  program: ControlPlaneProgram,
  version: string,
  flag: string,
  reason: string,
  known: readonly string[],
): Problem {
  const [, name = "", value = ""] = /^--([^=]+)=(.*)$/s.exec(flag) ?? [];
  if (name === "feature-gates") return gateProblem(gatesIn(value), reason, version);
  const nearest =
    reason.startsWith("unknown flag") && known.length > 0
      ? `; the nearest is ${closest(name, [...known])}`
      : "";
  return problem(
    `${keyOf[program]}.${name}`,
    value,
    `${reason}${nearest}`,
    `what ${program} ${version} takes`,
  );
}

/** `A=true,B=false` */
function gatesIn(text: string): Record<string, boolean> {
  const pairs = text.split(",").map((pair) => pair.split("="));
  return Object.fromEntries(pairs.map(([name = "", on]) => [name, on === "true"]));
}

/** A program names the gate that it does not know, or that may not be set so. */
function gateProblem(given: unknown, reason: string, version: string): Problem {
  const gates = given as Readonly<Record<string, unknown>>;
  const gate = Object.keys(gates).find((name) => new RegExp(`\\b${name}\\b`).test(reason));
  const key = gate === undefined ? "kubernetes.featureGates" : `kubernetes.featureGates.${gate}`;
  const said = reason.replace(/^.*(?=unrecognized feature gate|cannot set feature gate)/, "");
  const value = gate === undefined ? gates : gates[gate];
  return problem(key, value, said, `feature gates of Kubernetes ${version}`);
}

/** Flags in a program's help, by their names. */
async function flagsOf(file: string): Promise<string[]> {
  const { stdout } = await run(file, ["--help"]);
  return [...stdout.matchAll(/^ +(?:-\w, )?--([a-z0-9-]+)/gm)].flatMap(([, name]) => name ?? []);
}

async function refusedFields(
  fields: Readonly<Record<string, unknown>>,
  version: string,
  cache: string,
): Promise<Problem[]> {
  const names = Object.keys(fields);
  if (names.length === 0) return [];
  return judged("kubelet", [JSON.stringify(fields)], version, cache, async (file, folder) => {
    const problemIn = async (some: Readonly<Record<string, unknown>>, name: string) => {
      const path = join(folder, `${name}.json`);
      await writeFile(path, JSON.stringify(kubeletConfiguration(some)));
      // It reads and judges the whole file, and then ends for flags that exclude each other.
      return refusalOfFile(await run(file, ["--config", path, "--exit-on-lock-contention"]), path);
    };
    const all = await problemIn(fields, "all-fields");
    if (all === undefined || all === TAKEN) return all;
    const each = await Promise.all(
      names.map(async (name) => ({ name, reason: await problemIn({ [name]: fields[name] }, name) })),
    );
    const wrong = each.flatMap(({ name, reason }) =>
      reason === undefined || reason === TAKEN ? [] : [{ name, reason }],
    );
    const allowed = `what the kubelet ${version} takes`;
    if (wrong.length === 0) return [problem("kubernetes.kubelet", fields, all, allowed)];
    return wrong.map(({ name, reason }) =>
      name === "featureGates"
        ? gateProblem(fields[name], reason, version)
        : problem(`kubernetes.kubelet.${name}`, fields[name], reason, allowed),
    );
  });
}

function kubeletConfiguration(fields: Readonly<Record<string, unknown>>): object {
  // Which cgroups this computer has is no matter of the machines'.
  return {
    apiVersion: "kubelet.config.k8s.io/v1beta1",
    kind: "KubeletConfiguration",
    failCgroupV1: false,
    ...fields,
  };
}

/** By how a kubelet ended that was given a file. */
function refusalOfFile(result: ProcessResult, path: string): Verdict {
  const { stderr } = result;
  const strict = /strict decoding error: ((?:[^"\\]|\\.)*)"/.exec(stderr)?.[1];
  if (strict !== undefined) return strict.replaceAll('\\"', '"');
  if (stderr.includes("no lock file specified")) return TAKEN;
  const said = refusalOfFlags(result);
  return said
    ?.replaceAll(path, "it")
    .replace(
      /^failed to validate kubelet configuration, error: |^failed to load kubelet config file, path: it, error: /,
      "",
    )
    .replace(/, path: &TypeMeta.*$/, "");
}

function problem(key: string, value: unknown, reason: string, allowed: string): Problem {
  return { key, value, reason, allowed, fix: removeCommand(key) };
}

function run(file: string, args: readonly string[]): Promise<ProcessResult> {
  return runProcess(file, args, { timeoutSeconds: RUN_SECONDS });
}

/** What was taken once by the same program is not asked again: a preview is not to wait for it. */
async function judged(
  program: Parameters<typeof bundledProgram>[0],
  words: readonly string[],
  version: string,
  cache: string,
  judge: (file: string, folder: string) => Promise<Problem[] | Verdict>,
): Promise<Problem[]> {
  const bundled = await bundledProgram(program, version, cache);
  if (bundled === undefined) return [];
  const mark = join(cache, "settings", sha256Of(JSON.stringify([bundled.identity, words])));
  if (existsSync(mark)) return [];
  const found = await withTemporaryFolder(tmpdir(), "kube-lab-settings-", async (folder) =>
    judge(await bundled.unpack(folder), folder),
  );
  if (found === TAKEN) {
    mkdirSync(dirname(mark), { recursive: true });
    writeAtomically(mark, "", { isLasting: false });
  }
  return Array.isArray(found) ? found : [];
}
