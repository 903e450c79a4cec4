import { logFor, waitFor } from "../lib/progress";
import type { Check } from "./check";
import { type ExistingLab, examineLab } from "./existing-lab";
import { LabShell } from "./shell";

const BOUND_SECONDS = 600;
/** For a handshake: looked again soon at first, since machines are starting, then as long as slow ones need. */
const connectTimeoutMs = { first: 5_000, longest: 40_000 };

/** Waits until `npm run status` calls everything of the lab healthy, and says what is still missing. @returns seconds */
export async function untilHealthy(lab: ExistingLab): Promise<number> {
  const started = Date.now();
  const log = logFor(lab.stack.name);
  let ailing: Check[] = [];
  let said = "";
  let timeoutMs = connectTimeoutMs.first;
  const look = async (): Promise<true | undefined> => {
    const shell = new LabShell(lab.outputs.access, timeoutMs);
    timeoutMs = Math.min(timeoutMs * 1.5, connectTimeoutMs.longest);
    try {
      ailing = (await examineLab(lab, shell)).filter(({ healthy }) => !healthy);
    } finally {
      await shell.close();
    }
    if (ailing.length === 0) return true;
    const summary = summarize(ailing);
    if (summary !== said) log(summary);
    said = summary;
    return undefined;
  };
  const wait = {
    log,
    what: "for the lab to be healthy",
    boundSeconds: BOUND_SECONDS,
    remedy: "",
    pause: { first: 1000, longest: 3000 },
  };
  await waitFor(wait, look).catch((error: Error) => {
    const lines = ailing.map(({ kind, name, detail }) => `  ${kind} ${name}: ${detail}`);
    throw new Error(
      `${error.message}\n${lines.join("\n")}\nLook again: npm run status. Collect the logs: npm run diagnose.`,
    );
  });
  return Math.round((Date.now() - started) / 1000);
}

/** `5 checks fail, kube-node01: waiting for the API` */
export function summarize(ailing: readonly Check[]): string {
  const [first] = ailing;
  if (first === undefined) return "every check passes";
  const count = ailing.length === 1 ? "1 check fails" : `${ailing.length} checks fail`;
  return `${count}, ${first.kind} ${first.name}: ${first.detail}`;
}
