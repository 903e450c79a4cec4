import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { localFolder } from "../../lib/local-folder";
import { hostsEntries } from "../../plan/hosts-entries";
import type { LabPlan } from "../../plan/lab-plan";
import { asAdministrator, type Step } from "./administrator";
import { copyCommand, hostsFilePath, withLab, withoutLab } from "./hosts-file";
import { otherLabs, readHostRecord, writeHostRecord } from "./record";
import { addRouteCommand, conflicts, networksOf, type Route, removeRouteCommand, routesTo } from "./routes";

const { platform } = process;

/**
 * Sets the routes to the lab's subnets and writes them down.
 * @throws Error when they would take another network away, or cannot be set.
 */
export function addRoutes(plan: LabPlan, via: string): void {
  mkdirSync(localFolder, { recursive: true });
  const problems = conflicts(plan, [...networksOf(networkInterfaces()), ...otherLabs(plan.stack)]);
  if (problems.length > 0) throw new Error(`no route was set:\n${problems.join("\n")}`);
  const record = readHostRecord(plan.stack);
  const routes = routesTo(plan, via);
  // Written down before, so that those of an attempt that stops halfway are taken away, too.
  writeHostRecord(plan.stack, { ...record, routes: [...record.routes, ...routes] });
  // Those set before may be gone since a restart, or lead elsewhere.
  asAdministrator("setting routes to the lab", [...removal(record.routes), ...addition(routes)]);
  writeHostRecord(plan.stack, { ...record, routes });
}

/** Takes away the routes that were written down. @returns whether there were any */
export function removeRoutes(stack: string): boolean {
  const record = readHostRecord(stack);
  if (record.routes.length === 0) return false;
  asAdministrator("taking the routes to the lab away", removal(record.routes));
  writeHostRecord(stack, { ...record, routes: [] });
  return true;
}

/** Puts the lab's names into the hosts file, and writes that down. */
export function addHosts(plan: LabPlan): void {
  mkdirSync(localFolder, { recursive: true });
  const lines = hostsEntries(plan).trimEnd().split("\n");
  replaceHostsFile(plan.stack, "writing the lab's names into the hosts file", (text) =>
    withLab(text, plan.stack, lines),
  );
  writeHostRecord(plan.stack, { ...readHostRecord(plan.stack), hosts: true });
}

/** Takes them out again. @returns whether they were written down */
export function removeHosts(stack: string): boolean {
  const record = readHostRecord(stack);
  if (!record.hosts) return false;
  replaceHostsFile(stack, "taking the lab's names out of the hosts file", (text) => withoutLab(text, stack));
  writeHostRecord(stack, { ...record, hosts: false });
  return true;
}

function replaceHostsFile(stack: string, what: string, change: (text: string) => string): void {
  const target = hostsFilePath(platform, process.env);
  const before = readFileSync(target, "utf8");
  const after = change(before);
  if (after === before) return;
  const fresh = join(localFolder, `hosts-${stack}`);
  writeFileSync(fresh, after);
  asAdministrator(what, [{ command: copyCommand(platform, fresh, target) }]);
  // Left where the rights were not to be had: then it is what the person copies by hand.
  rmSync(fresh);
}

function addition(routes: readonly Route[]): Step[] {
  return routes.map((route) => ({ command: addRouteCommand(platform, route) }));
}

function removal(routes: readonly Route[]): Step[] {
  return routes.map((route) => ({ command: removeRouteCommand(platform, route), mayFail: true }));
}
