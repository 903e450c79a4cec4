import { posixWord } from "../../lib/shell-words";
import { ensureBackend } from "./backend";
import { ensureEngine } from "./engine";

/** Prints what drives Pulumi here, and the shell commands that set it up for `pulumi` by hand. */
async function main(): Promise<void> {
  const engine = await ensureEngine({ report: (line) => console.error(line) });
  const backend = await ensureBackend(process.cwd(), process.env);
  console.error(engine.summary);
  console.error(backend.summary);
  for (const [name, value] of Object.entries({ ...engine.environment, ...backend.environment })) {
    console.log(`export ${name}=${posixWord(value)}`);
  }
  console.log(`export PATH=${engine.path.map(posixWord).join(":")}:"$PATH"`);
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
