import { rm } from "node:fs/promises";
import { join } from "node:path";
import { writeAtomically } from "../../lib/atomic-file";
import type { Host } from "../../lib/host";
import { ensurePrivateFolder } from "../../lib/private-folder";
import { sshFilesOf } from "../../plan/ssh-config";
import { SpecificationError } from "../driver/errors";

/** What leads into a lab's machines by SSH. The key is secret. */
export interface SshAccess {
  config: string;
  privateKey: string;
  knownHosts: string;
}

/**
 * Writes a stack's files for SSH, for its owner alone: by them its machines are looked into before the next change is planned,
 * whoever starts that.
 */
export async function ensureAccess(stack: string, access: SshAccess, host: Host): Promise<void> {
  const { folder, config, identityFile, knownHostsFile } = sshFilesOf(stack);
  await ensurePrivateFolder(join(host.project, folder), host);
  const files = {
    [identityFile]: access.privateKey,
    [knownHostsFile]: access.knownHosts,
    // The last one: who finds it finds the others.
    [config]: access.config,
  };
  for (const [name, content] of Object.entries(files)) {
    const text = content.endsWith("\n") ? content : `${content}\n`;
    writeAtomically(join(host.project, name), text, { isLasting: false });
  }
}

export async function absentAccess(stack: string, host: Host): Promise<void> {
  await rm(join(host.project, sshFilesOf(stack).folder), { recursive: true, force: true });
}

/** @throws SpecificationError for what is no name of a stack: it becomes a folder's. */
export function readStack({ environment }: Pick<Host, "environment">): string {
  const stack = environment.STACK ?? "";
  if (/^[\w.-]+$/.test(stack) && !/^\.+$/.test(stack)) return stack;
  throw new SpecificationError([`STACK is ${JSON.stringify(stack)}: letters, digits, - . and _ are allowed`]);
}
