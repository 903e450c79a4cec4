import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { changesBetween } from "../lab/happening";
import { KubernetesEvents } from "../lab/kubernetes-events";
import { Stack } from "../lab/stack/stack";
import { type LabLook, LabWatcher } from "../lab/watcher";
import { type CommandLine, type Options, runCommand } from "../lib/command-line";
import { endingSignal, unlessEnded } from "../lib/ending";
import { Feed } from "../ui/feed";
import { servePage } from "../ui/server";
import { labView } from "../ui/view";
import { ensureKubernetes } from "./set-up/base-disk";
import { setUpEngine } from "./set-up/set-up";
import { openBrowser } from "./ui/open-browser";

/** Between the end of a look and the next. */
const pauseMs = 5000;

const options = {
  port: { type: "string", value: "NUMBER", does: "the page's port; any free one without" },
  "no-open": { type: "boolean", does: "opens no browser" },
} as const satisfies Options;

const usage = {
  name: "ui",
  does: "shows a web page about the lab on 127.0.0.1, for you alone, until Ctrl-C",
  options,
};

/** It looks only while a page is open. */
async function main({ stack: name, values }: CommandLine<typeof options>): Promise<void> {
  const port = portOf(values.port ?? "0");
  const ready = await setUpEngine(name);
  const bundle = await ensureKubernetes(ready.plan, console.log);
  const ending = endingSignal();
  const feed = new Feed();
  const server = await servePage(feed, port);
  console.log(`The lab's page, for you alone: ${server.url}\nCtrl-C ends it.`);
  const removeLink = values["no-open"] ? () => {} : openBrowser(server.url);
  const watcher = new LabWatcher(new Stack(name, ready));
  const events = new KubernetesEvents(join(bundle.folder, "bin", "kubectl"), (happening) =>
    feed.tell([happening]),
  );
  await keepLooking(watcher, events, feed, ending);
  await events.close();
  removeLink();
  await server.close();
  // A look may be under way; its bound is for those who wait for it.
  process.exit(0);
}

async function keepLooking(
  watcher: LabWatcher,
  events: KubernetesEvents,
  feed: Feed,
  ending: AbortSignal,
): Promise<void> {
  let last: LabLook | undefined;
  while (!ending.aborted) {
    await feed.watched(ending);
    const look = await unlessEnded(watcher.look(), ending);
    if (look === undefined) return;
    feed.tell(last === undefined ? [] : changesBetween(last, look));
    feed.show(labView(look));
    await events.follow(watcher.kubeconfig);
    last = look;
    await pause(pauseMs, undefined, { signal: ending }).catch(() => {});
  }
}

function portOf(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65535) return port;
  throw new Error(`--port = "${text}": allowed: a whole number from 0 (any free port) to 65535`);
}

void runCommand(usage, main);
