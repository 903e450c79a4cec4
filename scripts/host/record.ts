import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { localFolder } from "../programs";
import type { HostNetwork, Route } from "./routes";

/** What a lab has set on this computer outside of the project, so that `npm run down` takes it away again. */
export interface HostRecord {
  routes: Route[];
  /** Its lines are in the hosts file. */
  hosts: boolean;
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
  const { routes, hosts, kubeconfig, sshInclude } = record;
  const isEmpty = routes.length === 0 && !hosts && kubeconfig === undefined && sshInclude === undefined;
  if (isEmpty) rmSync(file(stack, folder), { force: true });
  else writeFileSync(file(stack, folder), `${JSON.stringify(record, null, 2)}\n`);
}

/** Where routes to the labs of other stacks lead. */
export function otherLabs(stack: string, folder = localFolder): HostNetwork[] {
  const stacks = readdirSync(folder).flatMap((name) => /^host-(.+)\.json$/.exec(name)?.[1] ?? []);
  return stacks
    .filter((other) => other !== stack)
    .flatMap((other) =>
      readHostRecord(other, folder).routes.map(({ subnet }) => ({ cidr: subnet, what: `the lab ${other}` })),
    );
}

function file(stack: string, folder: string): string {
  return join(folder, `host-${stack}.json`);
}
