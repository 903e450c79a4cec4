import {
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { homedir } from "node:os";
import { basename, dirname, join, resolve, sep } from "node:path";
import { accessFiles } from "../../lab/access-files";
import { localFolder } from "../../lib/local-folder";
import { kubeconfigPath, withLabContext, withoutLabContext } from "./kubeconfig-file";
import { readHostRecord, writeHostRecord } from "./record";
import { fromAnywhere, withInclude, withoutInclude } from "./ssh-include";

/** Puts the lab's context into the person's kubeconfig. @returns the file */
export function addKubeconfig(stack: string): string {
  const target = resolve(kubeconfigPath(process.env, homedir(), isLabsOwn));
  const lab = accessText(stack, "kubeconfig");
  // In another file than before: nobody would take it out of that one later.
  if (readHostRecord(stack).kubeconfig !== target) removeKubeconfig(stack);
  // Written down before, so that an attempt that stops halfway is taken away, too.
  writeHostRecord(stack, { ...readHostRecord(stack), kubeconfig: target });
  putContext(stack, target, lab);
  return target;
}

/** Renewed certificates and added machines reach what was added to the person's files; where they can't, it is said. */
export function renewPersonalFiles(stack: string): void {
  const { kubeconfig: target, sshInclude } = readHostRecord(stack);
  try {
    if (target !== undefined && !isLabsOwn(target))
      putContext(stack, target, accessText(stack, "kubeconfig"));
    if (sshInclude !== undefined) addSshInclude(stack);
  } catch (error) {
    console.error(`kube-lab: what npm run host added is as it was: ${(error as Error).message}`);
  }
}

/** The lab's context as it is now, in the place of what was added before. */
function putContext(stack: string, target: string, lab: string): void {
  const text = withLabContext(textOf(target), lab, textOf(labCopy(stack)));
  // What is taken out again is known by the names in it, whatever becomes of the lab's own file.
  writePrivately(labCopy(stack), lab);
  replace(target, text);
}

/** Takes it out again. @returns whether it was written down */
export function removeKubeconfig(stack: string): boolean {
  const { kubeconfig: target, ...rest } = readHostRecord(stack);
  if (target === undefined) return false;
  if (existsSync(target) && !isLabsOwn(target))
    replace(target, withoutLabContext(textOf(target), textOf(labCopy(stack))));
  rmSync(labCopy(stack), { force: true });
  writeHostRecord(stack, rest);
  return true;
}

/** Lets `ssh MACHINE` find the lab's machines from any folder. @returns the person's file */
export function addSshInclude(stack: string): string {
  const include = resolve(localFolder, `ssh-include-${stack}`);
  writePrivately(include, fromAnywhere(accessText(stack, "sshConfig"), process.cwd()));
  writeHostRecord(stack, { ...readHostRecord(stack), sshInclude: include });
  replace(sshConfigPath(), withInclude(textOf(sshConfigPath()), include));
  return sshConfigPath();
}

/** Takes it out again. @returns whether it was written down */
export function removeSshInclude(stack: string): boolean {
  const { sshInclude: include, ...rest } = readHostRecord(stack);
  if (include === undefined) return false;
  if (existsSync(sshConfigPath())) replace(sshConfigPath(), withoutInclude(textOf(sshConfigPath()), include));
  rmSync(include, { force: true });
  writeHostRecord(stack, rest);
  return true;
}

/** @throws Error while the lab is not up. */
function accessText(stack: string, which: keyof ReturnType<typeof accessFiles>): string {
  const file = accessFiles(stack)[which];
  if (!existsSync(file)) throw new Error(`stack ${stack} has no lab that is up. Run: npm run up`);
  return readFileSync(file, "utf8");
}

function labCopy(stack: string): string {
  return join(localFolder, `host-${stack}.kubeconfig`);
}

function sshConfigPath(): string {
  return join(homedir(), ".ssh", "config");
}

function textOf(file: string): string {
  return existsSync(file) ? readFileSync(file, "utf8") : "";
}

/** Whether a file is below a folder that labs' own are in, this project's or that of another copy of it, by whatever name. */
function isLabsOwn(file: string): boolean {
  const places = [resolve(file), followed(resolve(file))];
  return places.some((place) => place.split(sep).includes(basename(localFolder)));
}

/** The file that a symbolic link leads to, there or not; another file itself. */
function followed(file: string): string {
  if (existsSync(file)) return realpathSync(file);
  const isLink = lstatSync(file, { throwIfNoEntry: false })?.isSymbolicLink() ?? false;
  return isLink ? resolve(dirname(file), readlinkSync(file)) : file;
}

/** In one step: a person's file is never half written. A link to it stays one, and it stays its owner's. */
function replace(file: string, text: string): void {
  const target = followed(file);
  if (existsSync(target) && textOf(target) === text) return;
  mkdirSync(dirname(target), { recursive: true, mode: 0o700 });
  const fresh = `${target}.kube-lab`;
  writePrivately(fresh, text);
  if (existsSync(target)) {
    const { uid, gid } = statSync(target);
    // With root's rights it may be another's.
    if (process.getuid?.() === 0) chownSync(fresh, uid, gid);
  }
  renameSync(fresh, target);
}

function writePrivately(file: string, text: string): void {
  rmSync(file, { force: true });
  writeFileSync(file, text, { mode: 0o600 });
}
