import { LabProject, type Step } from "./lab-project";
import { SshMachines } from "./ssh-machines";

const reference = ["gate-node01", "hapx-node01", "hapx-node02"];
/** Every machine of the reference lab. */
export const names = [
  ...reference,
  ...["kube-mast01", "kube-mast02", "kube-mast03"],
  ...["kube-node01", "kube-node02", "kube-node03"],
  ...["glus-node01", "glus-node02", "glus-node03"],
];

export let project: LabProject;
export let machines: SshMachines;
/** All that the CLI has ever printed. */
export let printed = "";

/** The project with its configuration and an empty stack. */
export async function openLab(): Promise<void> {
  project = await LabProject.create();
  machines = await SshMachines.listen(project.records);
  configure({});
  await project.run("stack", "init");
}

export async function closeLab(): Promise<void> {
  await machines?.close();
  project?.remove();
}

/** Configures the reference lab with these values instead of its own. */
export function configure(values: Record<string, unknown>): void {
  project.configure({ hostAccess: { sshPort: machines.port }, ...values });
}

/** Runs the CLI, and keeps what it prints. */
export async function run(...words: string[]): Promise<string> {
  const text = await project.run(...words);
  printed += text;
  return text;
}

export function up(): Promise<string> {
  return run("up", "--yes", "--skip-preview");
}

/** So many workers, as configuration. */
export const workers = (count: number) => ({ workers: { count } });

/** Verbs and machines of the local commands since the last time this was asked. */
export function localCalls(): string[] {
  return project
    .taken()
    .filter(({ verb }) => !verb.startsWith("access"))
    .map(({ verb, environment }) => `${verb} ${environment.MACHINE ?? ""}`.trim());
}

/** Without the components, which only hold others together. */
export function custom(steps: Step[]): Step[] {
  return steps.filter(({ name }) =>
    /-(seed|data-disk|hardware|apply|leave|seal|key|certificate|request|host|template|images)$/.test(name),
  );
}
