/**
 * One script of VBoxManage calls with what each must answer. Held against the stand-in by every test run, and against a
 * real VBoxManage 7.2 where there is one (KUBE_LAB_REAL_VBOXMANAGE); nothing in it starts a machine.
 */
export interface Step {
  args: string[];
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
export function ok(...args: string[]): Step {
  return { args, status: 0 };
}

/** The call that makes the template kl-t1. */
export function createTemplate(folder: string): string[] {
  const place = ["--groups", "/kl", "--basefolder", folder];
  return ["createvm", "--name", "kl-t1", "--ostype", "Debian_64", ...place, "--register"];
}
