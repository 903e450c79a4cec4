import type { ExistingLab } from "../../lab/existing-lab";
import { writeArchive } from "./archive";
import { collect, type Diagnosis } from "./collect";
import { redactor, secretTexts } from "./redaction";

/** Collects what all machines tell, takes the secrets out, and writes the rest into an archive. */
export async function diagnose(lab: ExistingLab, path: string, folder: string): Promise<Diagnosis> {
  const { files, unreachable } = await collect(lab);
  const redact = redactor(secretTexts(lab.outputs, await lab.stack.stateInClear()));
  const redacted = files.map(({ path, content }) => ({ path, content: redact(content) }));
  const bytes = writeArchive(path, folder, redacted);
  for (const { name, reason } of unreachable) console.error(`${name} could not be asked: ${reason}`);
  console.log(
    `${path}: ${files.length} files, ${(bytes / 2 ** 20).toFixed(1)} MiB, without keys and passwords`,
  );
  return { files: redacted, unreachable };
}
