import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { localFolder } from "../../lib/local-folder";
import { setCommand } from "../../plan/config/problems";
import { asAdministrator, type Step } from "./administrator";
import { type Delegation, type DnsChange, dnsChange, headLine } from "./dns";
import { type HostRecord, otherStackWithZone, readHostRecord, writeHostRecord } from "./record";
import type { Resolver } from "./resolver";

/**
 * Lets this computer's resolver ask the gateway for the lab's names, and writes that down.
 * @throws Error when another lab is asked for them, or a file of somebody's own is in the way.
 */
export function addDns(stack: string, resolver: Resolver, delegation: Delegation): void {
  mkdirSync(localFolder, { recursive: true });
  const taken = otherStackWithZone(stack, delegation.zones);
  if (taken !== undefined)
    throw new Error(
      `the lab ${taken.other} is asked for names of ${taken.zone}: give one of the two another domain (${setCommand("domain", "NAME")}) and other subnets, or take that away: npm run host -- dns remove --stack ${taken.other}`,
    );
  const change = dnsChange(resolver, stack, delegation);
  for (const { path } of change.files) refuseForeign(path, stack);
  const record = readHostRecord(stack);
  const former = record.dns === undefined ? [] : removal(stack, record.dns);
  // Written down before, so that an attempt that stops halfway is taken away, too.
  writeHostRecord(stack, { ...record, dns: { resolver, delegation } });
  const fresh = join(localFolder, `dns-${stack}`);
  mkdirSync(fresh, { recursive: true });
  asAdministrator("asking the gateway for the lab's names", [...former, ...addition(change, fresh)]);
  // Left where the rights were not to be had: then they are what the person copies by hand.
  rmSync(fresh, { recursive: true });
}

/** Lets it forget the lab. @returns whether it was told */
export function removeDns(stack: string): boolean {
  const { dns, ...rest } = readHostRecord(stack);
  if (dns === undefined) return false;
  asAdministrator("asking the gateway for the lab's names no more", removal(stack, dns));
  rmSync(join(localFolder, `dns-${stack}`), { recursive: true, force: true });
  writeHostRecord(stack, rest);
  return true;
}

function addition({ files, add }: DnsChange, folder: string): Step[] {
  const folders = [...new Set(files.map(({ path }) => dirname(path)))];
  const copies = files.map(({ path, text }): Step => {
    const fresh = join(folder, basename(path));
    writeFileSync(fresh, text);
    return { command: ["cp", fresh, path] };
  });
  return [...folders.map((each) => ({ command: ["mkdir", "-p", each] })), ...copies, ...add];
}

function removal(stack: string, { resolver, delegation }: NonNullable<HostRecord["dns"]>): Step[] {
  const { files, remove } = dnsChange(resolver, stack, delegation);
  return [...files.map(({ path }) => ({ command: ["rm", "-f", path] })), ...remove];
}

function refuseForeign(path: string, stack: string): void {
  if (!existsSync(path) || readFileSync(path, "utf8").startsWith(`${headLine(stack)}\n`)) return;
  throw new Error(`${path} is there and not this lab's: move it away, or choose another domain or subnet`);
}
