import type { Client, ClientChannel } from "ssh2";
import type { CallContext } from "../protocol/provider";
import { type Connection, connect } from "./connection";
import { CommandOutput } from "./lines";
import { type CommandRun, loggedStreams, previousOutput, type RunResult } from "./resource";

/**
 * Runs a command of `command:remote:Command` over SSH. Unlike the real plugin it does not notice that a server refuses an
 * environment variable (AcceptEnv): the SSH library sends them without asking for an answer.
 */
export async function runRemote(run: CommandRun, context: CallContext): Promise<RunResult> {
  const { command, inputs, previous } = run;
  const session = await connect(inputs.connection as unknown as Connection, context);
  const output = new CommandOutput(loggedStreams(inputs), context.status);
  const cancel = () => session.close();
  context.signal.addEventListener("abort", cancel);
  try {
    const environment = {
      ...(inputs.environment as Record<string, string> | undefined),
      ...previousOutput(inputs, previous),
    };
    const stdin = (inputs.stdin as string | undefined) ?? "";
    const problem = await execute(session.client, command, environment, stdin, output);
    output.end();
    if (problem !== undefined) {
      const reason = context.signal.aborted ? "cancelled" : problem;
      throw new Error(`${reason}: running ${JSON.stringify(command)}:\n${output.all()}`);
    }
    return { stdout: output.text("stdout"), stderr: output.text("stderr") };
  } finally {
    context.signal.removeEventListener("abort", cancel);
    session.close();
  }
}

/** Resolves with what went wrong, in the words of the real plugin, once the command and its streams have ended. */
function execute(
  client: Client,
  command: string,
  env: Record<string, string>,
  stdin: string,
  output: CommandOutput,
): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    client.exec(command, { env }, (error, channel) => {
      if (error) {
        reject(error);
        return;
      }
      // Listening begins here and now: a short command's end may come in the same packet as its start.
      resolve(end(channel, output));
      channel.on("error", () => undefined).end(stdin);
    });
  });
}

function end(channel: ClientChannel, output: CommandOutput): Promise<string | undefined> {
  channel.on("data", (chunk: Buffer) => output.write("stdout", chunk));
  channel.stderr.on("data", (chunk: Buffer) => output.write("stderr", chunk));
  return new Promise((resolve) => {
    let problem: string | undefined = "wait: remote command exited without exit status or exit signal";
    channel.once("exit", (code: number | null, signal?: string) => {
      if (code === 0) {
        problem = undefined;
      } else {
        problem =
          code === null ? `Process exited with signal ${signal}` : `Process exited with status ${code}`;
      }
    });
    channel.once("close", () => resolve(problem));
  });
}
