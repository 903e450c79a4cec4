import { HypervisorError } from "../hypervisor/errors";

/** The stack that a command of ours is about, `dev` unless said otherwise, and the arguments that are not about it. */
export function parseStackArguments(commandArguments: string[]): { stack: string; rest: string[] } {
  const rest: string[] = [];
  let stack = process.env.PULUMI_STACK ?? "dev";
  for (let index = 0; index < commandArguments.length; index++) {
    const word = commandArguments[index] ?? "";
    if (word === "--stack" || word === "-s") stack = commandArguments[++index] ?? stack;
    else if (word.startsWith("--stack=")) stack = word.slice("--stack=".length);
    else rest.push(word);
  }
  return { stack, rest };
}

/** @throws Error that names what a command without options of its own was given. */
export function refuseArguments(rest: readonly string[]): void {
  if (rest.length > 0) throw new Error(`unknown: ${rest.join(" ")}. The only option is --stack NAME.`);
}

/** For a command's last `catch`: says what is wrong without a stack trace, and ends with `status`. */
export function fail(status: number): (error: Error) => void {
  return (error) => {
    console.error(`kube-lab: ${error.message}`);
    if (error instanceof HypervisorError && error.remedy !== "") console.error(`What to do: ${error.remedy}`);
    process.exitCode = status;
  };
}
