import { once, setMaxListeners } from "node:events";
import { observeStates } from "../hypervisor/reality/reality";
import { LabShell } from "../lab/shell";
import { type CommandLine, runCommand } from "../lib/command-line";
import { endingSignal } from "../lib/ending";
import { redactor, secretTexts } from "./diagnose/redaction";
import { sourceOf } from "./logs/entry";
import { labLogs } from "./logs/lab-logs";
import { chosenMachines, options, questionOf } from "./logs/question";
import { entryRedactor } from "./logs/redaction";
import { jsonOf, textOf } from "./logs/text";
import { openLab } from "./set-up/open-lab";

const usage = {
  name: "logs",
  does: "what the lab's units and pods have logged on all machines, in one stream in order of time, without secrets",
  words: "[WORD…]",
  options,
  notes:
    "Lines that have each WORD, whatever its case, or what a regular expression finds: /evict|oom/i. Times are this computer's zone's. Without --all, the journal's lines are those of the lab's units and the kernel's warnings.",
};

const connectTimeoutMs = 20_000;

/** A machine that lost its power leaves a connection without an end: three times as long and it is over. */
const keepAliveMs = 10_000;

async function main({ stack, values, words }: CommandLine<typeof options>): Promise<void> {
  const question = questionOf(values, words, Date.now());
  const lab = await openLab(stack);
  const machines = chosenMachines(lab.outputs.machines, values.machine);
  const shell = new LabShell(lab.outputs.access, connectTimeoutMs, keepAliveMs);
  const ending = AbortSignal.any([endingSignal(), unread(process.stdout)]);
  setMaxListeners(0, ending);
  try {
    const [states, state] = await Promise.all([observeStates(lab.vbox, machines), lab.stack.stateInClear()]);
    const redact = entryRedactor(redactor(secretTexts(lab.outputs, state)));
    const style = {
      machines: lab.outputs.machines.map(({ name }) => name),
      colours: process.stdout.isTTY && !process.env.NO_COLOR,
      dated: new Date(question.sinceMs).toDateString() !== new Date().toDateString(),
    };
    const say = sayer();
    let lines = 0;
    for await (const raw of labLogs({ machines, states, shell, say, ending }, question)) {
      const entry = redact(raw);
      const line = `${entry.machine} ${sourceOf(entry)} ${entry.message}`;
      if (!question.filters.every((filter) => filter(line))) continue;
      lines++;
      await print(values.json ? jsonOf(entry) : textOf(entry, style), ending);
      if (ending.aborted) break;
    }
    if (lines === 0 && !ending.aborted)
      say("nothing was logged that is asked for; --since 1h looks further back");
  } catch (error) {
    // What a person ends, ends the programs that it has called, too.
    if (!ending.aborted) throw error;
  } finally {
    await shell.close();
  }
}

/** Says sentences on standard error; the journal and the pods of a machine that is lost have the same to say. */
function sayer(): (sentence: string) => void {
  let last = "";
  return (sentence) => {
    if (sentence !== last) console.error(`kube-lab: ${sentence}`);
    last = sentence;
  };
}

/** Aborted when nobody reads any more: `| head` has its lines. */
function unread(output: NodeJS.WriteStream): AbortSignal {
  const closed = new AbortController();
  output.on("error", () => closed.abort());
  return closed.signal;
}

async function print(text: string, ending: AbortSignal): Promise<void> {
  if (process.stdout.write(text)) return;
  await once(process.stdout, "drain", { signal: ending }).catch(() => undefined);
}

void runCommand(usage, main);
