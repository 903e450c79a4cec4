import { fail, parseStackArguments } from "./command-line";
import { setUp } from "./set-up";
import { Stack } from "./stack";

/** `npm run preview [-- --stack NAME] [-- OPTIONS FOR PULUMI]`: what the next `npm run up` would do. */
async function main(): Promise<void> {
  const { stack: name, rest } = parseStackArguments(process.argv.slice(2));
  const stack = new Stack(name, await setUp(name));
  await stack.select();
  process.exitCode = await stack.run(["preview", ...rest]);
}

main().catch(fail(1));
