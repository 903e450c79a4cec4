import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { inspect } from "../../hypervisor/driver/inspect";
import type { VBoxManage } from "../../hypervisor/driver/vboxmanage";
import { readRecord } from "../../hypervisor/machine/record";
import { type ExistingLab, examineLab } from "../../lab/existing-lab";
import { LabShell } from "../../lab/shell";
import { mark } from "../../lab/status-text";
import { table } from "../../lib/table";
import { type DiagnosisFile, sectionsOf } from "./sections";

/** A machine at work on all questions; each of them has a bound of its own. */
const MACHINE_TIMEOUT_MS = 300_000;

export interface Diagnosis {
  files: DiagnosisFile[];
  /** Machines that could not be asked, with the reason. */
  unreachable: { name: string; reason: string }[];
}

/** Asks all machines at once, and the hypervisor about them; as it comes, secrets included. */
export async function collect(lab: ExistingLab): Promise<Diagnosis> {
  const shell = new LabShell(lab.outputs.access);
  const diagnosis: Diagnosis = { files: [], unreachable: [] };
  try {
    const machines = lab.outputs.machines.map(async ({ name, hypervisorName }) => {
      diagnosis.files.push({
        path: `${name}/hypervisor.txt`,
        content: await lab.vbox.call(["showvminfo", hypervisorName]).catch((error: Error) => error.message),
      });
      try {
        diagnosis.files.push(...(await askMachine(shell, name)));
      } catch (error) {
        const reason = (error as Error).message;
        diagnosis.unreachable.push({ name, reason });
        diagnosis.files.push({ path: `${name}/unreachable.txt`, content: `${reason}\n` });
      }
    });
    await Promise.all([...machines, status(lab, shell).then((file) => diagnosis.files.push(file))]);
  } finally {
    await shell.close();
  }
  diagnosis.files.push(await host(lab));
  return diagnosis;
}

async function askMachine(shell: LabShell, machine: string): Promise<DiagnosisFile[]> {
  const boundary = `=====${randomBytes(8).toString("hex")}`;
  const { status, stdout, stderr } = await shell.run(machine, `sudo bash -s ${boundary}`, {
    stdin: readFileSync(join(__dirname, "collect.sh"), "utf8"),
    timeoutMs: MACHINE_TIMEOUT_MS,
  });
  const files = sectionsOf(machine, boundary, stdout);
  if (status !== 0) files.push({ path: `${machine}/incomplete.txt`, content: `status ${status}\n${stderr}` });
  return files;
}

async function status(lab: ExistingLab, shell: LabShell): Promise<DiagnosisFile> {
  const checks = await examineLab(lab, shell);
  const rows = checks.map((check) => [mark(check), check.kind, check.name, check.detail]);
  return { path: "status.txt", content: `${table(["", "what", "name", "state"], rows)}\n` };
}

async function host({ vbox, outputs }: ExistingLab): Promise<DiagnosisFile> {
  const ask = (...words: string[]) => vbox.call(words).catch((error: Error) => error.message);
  const machines = outputs.machines.map(
    async ({ name, role, address, hypervisorName }) =>
      `${name} ${role} ${address}, clone of ${(await templateOf(vbox, hypervisorName)) ?? "?"}`,
  );
  const lines = [
    `time: ${new Date().toISOString()}`,
    `system: ${process.platform} ${process.arch}, Node.js ${process.version}`,
    `hypervisor: ${vbox.hypervisor} ${(await ask("--version")).trim()}`,
    "",
    ...(await Promise.all(machines)),
    "",
    await ask("list", "vms"),
    await ask("list", "runningvms"),
  ];
  return { path: "host.txt", content: lines.join("\n") };
}

async function templateOf(vbox: VBoxManage, machine: string): Promise<string | undefined> {
  const info = await inspect(vbox, machine).catch(() => undefined);
  return info && (await readRecord(info))?.image;
}
