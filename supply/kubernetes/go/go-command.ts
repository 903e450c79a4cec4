import { run } from "../../../lib/run";

/** A run of the go command. */
export interface GoCommand {
  arguments: string[];
  folder: string;
  environment?: NodeJS.ProcessEnv;
  onLine: (line: string) => void;
}

const timeoutSeconds = 3600;
const attempts = 3;
const networkTrouble =
  /timeout|timed out|connection reset|connection refused|unexpected EOF|no such host|temporary failure|50[234] /i;

/**
 * Runs go, apart from the person's own settings for it that would change the outcome. Trouble with the network is tried
 * again; what was fetched and compiled until then stays in Go's own caches.
 */
export async function goCommand(command: GoCommand): Promise<string> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await run({
        program: "go",
        arguments: command.arguments,
        folder: command.folder,
        environment: {
          ...process.env,
          GOFLAGS: "",
          GOWORK: "off",
          GO111MODULE: "on",
          ...command.environment,
        },
        onErrorLine: command.onLine,
        timeoutSeconds,
        remedy: "Install Go 1.26 or later (https://go.dev/dl), or let official downloads through.",
      });
    } catch (error) {
      if (attempt === attempts || !networkTrouble.test(String(error))) throw error;
      command.onLine(`network trouble, attempt ${attempt + 1} of ${attempts}`);
    }
  }
}
