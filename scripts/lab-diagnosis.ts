import { writeArchive } from "./diagnosis/archive";
import { collect, type Diagnosis } from "./diagnosis/collect";
import { redactor, secretTexts } from "./diagnosis/redaction";
import type { ExistingLab } from "./existing-lab";

/** Collects what all machines tell, takes the secrets out, and writes the rest into an archive. */
export async function diagnose(lab: ExistingLab, path: string, folder: string): Promise<Diagnosis> {
  const { files, unreachable } = await collect(lab);
  const redact = redactor(secretTexts(lab.outputs));
  const redacted = files.map(({ path, content }) => ({ path, content: redact(content) }));
  const bytes = writeArchive(path, folder, redacted);
  for (const { name, reason } of unreachable) console.error(`${name} could not be asked: ${reason}`);
  console.log(
    `${path}: ${files.length} files, ${(bytes / 2 ** 20).toFixed(1)} MiB, without keys and passwords`,
  );
  return { files: redacted, unreachable };
}
