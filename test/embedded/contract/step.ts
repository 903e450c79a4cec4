/**
 * One script of VBoxManage calls with what each must answer. The stand-in and the real VBoxManage are both held against it;
 * nothing in it starts a machine.
 */
export interface Step {
  /** One that only shows when its turn comes is a function. */
  args: (string | (() => string))[];
  /** Exit status. */
  status: number;
  /** Each must match standard output. */
  stdout?: RegExp[];
  /** Each must match standard error. */
  stderr?: RegExp[];
}

export const UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}";
export const PROGRESS = /^0%\.\.\.10%.*100%$/m;

/** A call that must succeed, whatever it says. */
export function ok(...args: Step["args"]): Step {
  return { args, status: 0 };
}

/** The call that makes the template kl-t1. */
export function createTemplate(folder: string): string[] {
  const place = ["--groups", "/kl", "--basefolder", folder];
  return ["createvm", "--name", "kl-t1", "--ostype", "Debian_64", ...place, "--register"];
}
