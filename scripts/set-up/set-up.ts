import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { needsNoBaseDisk } from "../../components/base-disk-in-use";
import { problemsOfUpgrade } from "../../components/living-releases";
import { standInPackages as embeddedPackages } from "../../embedded/host-packages";
import { writeChoice } from "../../hypervisor/driver/choice";
import { locateVBoxManage } from "../../hypervisor/driver/locate";
import { readableAuthorities } from "../../hypervisor/guest/outside";
import { fittingHypervisor } from "../../hypervisor/preflight/preflight";
import { addInside, LOOK_BOUND, lookInside } from "../../hypervisor/reality/inside";
import { findLab } from "../../hypervisor/reality/living-lab";
import type { Observation } from "../../hypervisor/reality/observation";
import type { EngineSetUp } from "../../lab/stack/engine-set-up";
import {
  planOfStack,
  readableConfigurationIn,
  type UsablePlan,
  usablePlanOfStack,
} from "../../lab/stack/stack-plan";
import { ensureHostPackages } from "../../lib/debian-packages";
import { trustAuthorities, useProxy } from "../../lib/fetch-outside";
import { thisHost } from "../../lib/host";
import { localFolder } from "../../lib/local-folder";
import { ensurePrivateFolder } from "../../lib/private-folder";
import { ConfigurationError } from "../../plan/config/problems";
import type { LabPlan } from "../../plan/lab-plan";
import { basePackages } from "../../supply/base/host";
import { type Backend, ensureBackend } from "../../supply/engine/backend";
import { type Engine, ensureEngine } from "../../supply/engine/engine";
import { bundlePackages } from "../../supply/kubernetes/bundle";
import { type Base, ensureBaseDisk, ensureLabBundle } from "./base-disk";
import { posixEnvironment, powerShellEnvironment, readPosixEnvironment } from "./environment-file";
import { observeMachines } from "./observed-machines";
import { buildPrograms } from "./programs";

/** What a command of ours needs to drive Pulumi, and where set-up put things. */
export interface SetUp extends EngineSetUp, Base {}

/** What is known before anything costly is made. */
export interface Prepared {
  project: string;
  plan: LabPlan;
  /** The lab's own folder, where one is known. */
  labFolder?: string;
}

/**
 * Makes this computer ready for `pulumi up` of a stack: programs, engine, backend, Kubernetes bundle, base disk. What is
 * there already costs next to nothing; what is missing says what it is and how long it takes.
 * @throws Error with what is wrong and what to do about it.
 */
export async function setUp(stack: string, configFile?: string): Promise<SetUp> {
  return complete(await prepare(stack, configFile));
}

/**
 * The same for what makes no machine: no bundle and no base disk, which may take minutes. Whatever is wrong with the configuration
 * is said in one line, and stands in nobody's way.
 */
export async function setUpEngine(stack: string, configFile = `Pulumi.${stack}.yaml`): Promise<EngineSetUp> {
  const planned = await prepareWith(usablePlanOfStack, stack, configFile);
  if (planned.warning !== undefined) console.error(planned.warning);
  return withEngine(planned);
}

/**
 * The cheap part: our own programs, the choice of the hypervisor, the plan, the host's packages.
 * @throws ConfigurationError with every problem.
 */
export function prepare(stack: string, configFile = `Pulumi.${stack}.yaml`): Promise<Prepared> {
  return prepareWith((...asked) => ({ plan: planOfStack(...asked) }), stack, configFile);
}

async function prepareWith(
  planned: typeof usablePlanOfStack,
  stack: string,
  configFile: string,
): Promise<Prepared & UsablePlan> {
  const project = process.cwd();
  await ensurePrivateFolder(join(project, localFolder), thisHost());
  forgetEnvironmentFile(project);
  buildPrograms(project);
  const { hypervisor: fitting, reason } = await fittingHypervisor();
  writeChoice(project, fitting);
  const configured = readableConfigurationIn(configFile).raw.hypervisor;
  const { living, folder } = await findLab(stack, { configured, fitting });
  const { plan, ...rest } = planned(stack, configFile, fitting, living);
  useProxy(plan.proxy);
  trustAuthorities(readableAuthorities(project, plan), join(project, localFolder, "authorities.pem"));
  if (plan.hypervisor === "embedded" && reason !== undefined) sayOnce(project, [standIn(reason)]);
  if (plan.hypervisor === "embedded") sayOnce(project, [containerWords]);
  // Others build no disk and run no stand-in; what they lack, preflight names.
  if (process.getuid?.() === 0) ensureHostPackages(hostPackages(plan));
  return { project, plan, ...(folder === undefined ? {} : { labFolder: folder }), ...rest };
}

/** The part that may take minutes: engine, Kubernetes bundle, base disk. */
async function complete(prepared: Prepared): Promise<SetUp> {
  const [engine, base] = await Promise.all([withEngine(prepared), ensureBaseDisk(prepared.plan, say)]);
  return { ...base, ...engine };
}

/**
 * The same for an update of a stack. No base disk is made where no machine would be made from it: those that live keep theirs.
 * @throws RemedyError when there is no VBoxManage.
 */
export async function completeForUpdate(prepared: Prepared): Promise<EngineSetUp> {
  const [engine] = await Promise.all([withEngine(prepared), ensureWhatUpdateNeeds(prepared)]);
  return engine;
}

async function ensureWhatUpdateNeeds({ plan, labFolder }: Prepared): Promise<void> {
  const seen = await observeMachines(plan, labFolder);
  if (seen !== undefined) await refuseUpgradeEarly(plan, seen);
  if (seen === undefined || !needsNoBaseDisk(plan, seen)) await ensureBaseDisk(plan, say);
  else await ensureLabBundle(plan, say);
}

/**
 * What the program refuses anyway, before programs and images are made for it. What machines were given may be more than what they
 * have: they are asked where that matters.
 * @throws ConfigurationError that names the releases
 */
async function refuseUpgradeEarly(plan: LabPlan, seen: ReadonlyMap<string, Observation>): Promise<void> {
  if (problemsOfUpgrade(plan, seen).length === 0) return;
  await addInside(seen, lookInside(plan, thisHost(), LOOK_BOUND.update));
  const problems = problemsOfUpgrade(plan, seen);
  if (problems.length > 0) throw new ConfigurationError(problems);
}

async function withEngine({ project, plan, labFolder }: Prepared): Promise<EngineSetUp> {
  const engine = await ensureEngine({ project, report: say });
  const backend = await ensureBackend(project, process.env);
  const environment = pulumiEnvironment(engine, backend);
  writeEnvironmentFile(project, engine, backend);
  sayOnce(project, [engine.summary, backend.summary]);
  const vboxManage = locateVBoxManage(plan.hypervisor, thisHost());
  return {
    ...{ project, pulumi: engine.pulumi, environment, vboxManage, plan },
    ...(labFolder === undefined ? {} : { labFolder }),
  };
}

/** What somebody must know before he runs a stranger's program in such a machine. */
const containerWords =
  "A container is no barrier: whoever is root in a machine can become root of this computer. Run nothing in the lab that you would not run here.";

function standIn(reason: string): string {
  return `VirtualBox can't run here: ${reason} Machines are containers of the embedded stand-in instead.`;
}

/** Programs that every lab's commands run here, and the Debian package each is in. */
export const labPrograms: Readonly<Record<string, string>> = {
  genisoimage: "genisoimage",
  ssh: "openssh-client",
};

function hostPackages(plan: LabPlan): string[] {
  return [
    ...new Set([
      ...Object.values(labPrograms),
      ...(plan.hypervisor === "embedded" ? embeddedPackages : []),
      ...basePackages(plan.image.layout),
      ...bundlePackages,
    ]),
  ];
}

function pulumiEnvironment(engine: Engine, backend: Backend): NodeJS.ProcessEnv {
  const path = [...engine.path, process.env.PATH ?? ""].join(delimiter);
  // No Node.js process of an update speaks TLS, and each of fifty would read these certificates at its start.
  const { NODE_EXTRA_CA_CERTS: _, ...own } = process.env;
  return { ...quickEngine, ...manyAtOnce, ...own, ...engine.environment, ...backend.environment, PATH: path };
}

/** The engine writes its whole state four hundred times in a minute; collecting that garbage less often takes less processor time. */
const quickEngine = { GOGC: "400" };

/** Most operations only wait for a machine; the CLI's own bound, four for each processor, would make them queue. */
const manyAtOnce = { PULUMI_PARALLEL: "64" };

/** For `. .kube-lab/environment.sh`, so that `pulumi up` by hand finds what set-up made; PowerShell has a file of its own. */
function writeEnvironmentFile(project: string, engine: Engine, backend: Backend): void {
  const variables = { ...manyAtOnce, ...engine.environment, ...backend.environment };
  const environment = { variables, path: engine.path };
  const file = (name: string) => join(project, localFolder, name);
  writeFileSync(file("environment.sh"), posixEnvironment(environment));
  if (process.platform === "win32")
    writeFileSync(file("environment.ps1"), powerShellEnvironment(environment));
}

/** A shell that has read the file set-up wrote earlier has chosen no backend or plugins of its own by that. */
function forgetEnvironmentFile(project: string): void {
  const file = join(project, localFolder, "environment.sh");
  const variables = readPosixEnvironment(existsSync(file) ? readFileSync(file, "utf8") : "");
  for (const [name, value] of Object.entries(variables)) {
    if (process.env[name] === value) delete process.env[name];
  }
}

function say(line: string): void {
  console.log(line);
}

/** What set-up found is worth saying when it changes, not at every command. */
function sayOnce(project: string, lines: string[]): void {
  const file = join(project, localFolder, "said");
  const said = existsSync(file) ? readFileSync(file, "utf8").split("\n") : [];
  const fresh = lines.filter((line) => !said.includes(line));
  for (const line of fresh) console.log(`kube-lab: ${line}`);
  if (fresh.length > 0) writeFileSync(file, [...said.filter(Boolean), ...fresh].join("\n"));
}
