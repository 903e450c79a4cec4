import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { localFolder } from "../../lib/local-folder";
import type { Delegation } from "./dns";
import type { Resolver } from "./resolver";
import type { HostNetwork, Route } from "./routes";

/** What a lab has set on this computer outside of the project, so that `npm run down` takes it away again. */
export interface HostRecord {
  routes: Route[];
  /** Its lines are in the hosts file. */
  hosts: boolean;
  /** What was told to which resolver. */
  dns?: { resolver: Resolver; delegation: Delegation };
  /** The kubeconfig that has its context. */
  kubeconfig?: string;
  /** The file of its own that the person's ssh configuration includes. */
  sshInclude?: string;
}

const NOTHING: HostRecord = { routes: [], hosts: false };

export function readHostRecord(stack: string, folder = localFolder): HostRecord {
  const path = file(stack, folder);
  return existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as HostRecord) : NOTHING;
}

/** Writes it down; a record of nothing is removed. */
export function writeHostRecord(stack: string, record: HostRecord, folder = localFolder): void {
  const { routes, hosts, ...others } = record;
  const isEmpty = routes.length === 0 && !hosts && Object.values(others).every((each) => each === undefined);
  if (isEmpty) rmSync(file(stack, folder), { force: true });
  else writeFileSync(file(stack, folder), `${JSON.stringify(record, null, 2)}\n`);
}

/** Where routes to the labs of other stacks lead. */
export function otherLabs(stack: string, folder = localFolder): HostNetwork[] {
  return otherStacks(stack, folder).flatMap((other) =>
    readHostRecord(other, folder).routes.map(({ subnet }) => ({ cidr: subnet, what: `the lab ${other}` })),
  );
}

/** The stack whose lab is asked for names of one of these zones already. */
export function otherStackWithZone(
  stack: string,
  zones: readonly string[],
  folder = localFolder,
): { other: string; zone: string } | undefined {
  return otherStacks(stack, folder)
    .flatMap((other) =>
      (readHostRecord(other, folder).dns?.delegation.zones ?? []).map((zone) => ({ other, zone })),
    )
    .find(({ zone }) => zones.includes(zone));
}

function otherStacks(stack: string, folder: string): string[] {
  const stacks = readdirSync(folder).flatMap((name) => /^host-(.+)\.json$/.exec(name)?.[1] ?? []);
  return stacks.filter((other) => other !== stack);
}

function file(stack: string, folder: string): string {
  return join(folder, `host-${stack}.json`);
}
