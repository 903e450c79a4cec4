import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Happening } from "../../../lab/happening";
import { happeningOf, KubernetesEvents } from "../../../lab/kubernetes-events";

const event = {
  metadata: { uid: "u1", creationTimestamp: "2026-11-21T11:00:00Z" },
  involvedObject: { kind: "Pod", namespace: "default", name: "echo" },
  type: "Warning",
  reason: "BackOff",
  message: "Back-off restarting\n",
  count: 3,
  lastTimestamp: "2026-11-21T11:05:00Z",
  eventTime: null,
};
const line = (type: string, object: object) => JSON.stringify({ type, object });

describe("happeningOf", () => {
  test("reads an event of an old writer", () => {
    expect(happeningOf(line("ADDED", event))).toEqual({
      id: "u1",
      time: "2026-11-21T11:05:00.000Z",
      source: "Kubernetes",
      severity: "bad",
      subject: "Pod default/echo",
      text: "BackOff: Back-off restarting (3 times)",
    });
  });

  test("reads one of a new writer, and one about what is in no namespace", () => {
    const { lastTimestamp: _, count: __, ...fresh } = event;
    const series = { count: 4, lastObservedTime: "2026-11-21T11:06:00.123456Z" };
    expect(happeningOf(line("MODIFIED", { ...fresh, series }))).toMatchObject({
      time: "2026-11-21T11:06:00.123Z",
      text: expect.stringContaining("(4 times)"),
    });
    const node = { ...fresh, involvedObject: { kind: "Node", name: "kube-node01" }, type: "Normal" };
    expect(happeningOf(line("ADDED", node))).toMatchObject({
      time: "2026-11-21T11:00:00.000Z",
      subject: "Node kube-node01",
      severity: "normal",
      text: "BackOff: Back-off restarting",
    });
  });

  test.each([
    line("DELETED", event),
    line("ERROR", { kind: "Status", code: 410 }),
    '{"type":"ADDED","obj',
    "",
  ])("makes nothing of %s", (words) => {
    expect(happeningOf(words)).toBeUndefined();
  });
});

describe("KubernetesEvents", () => {
  const folder = mkdtempSync(join(tmpdir(), "kubernetes-events-"));
  afterAll(() => rmSync(folder, { recursive: true }));

  /** Prints an event named after the kubeconfig, and where that is. */
  function kubectl(last: string): string {
    const file = join(folder, "kubectl");
    const object = { ...event, metadata: { ...event.metadata, uid: "@" } };
    const script = `#!/bin/sh
echo "$KUBECONFIG" >> ${folder}/started
sed "s/@/$(cat "$KUBECONFIG")/" <<'TEXT'
${line("ADDED", object)}
TEXT
${last}
`;
    writeFileSync(file, script);
    chmodSync(file, 0o755);
    return file;
  }

  test("follows one cluster after another, begins again after an end, and leaves no kubeconfig behind", async () => {
    const told: string[] = [];
    let heard = () => {};
    const next = () => new Promise<void>((resolve) => (heard = resolve));
    const tell = ({ id }: Happening) => {
      told.push(id);
      heard();
    };
    const events = new KubernetesEvents(kubectl("exec sleep 100"), tell);
    await Promise.all([next(), events.follow("first")]);
    await events.follow("first");
    await Promise.all([next(), events.follow("second")]);
    expect(told).toEqual(["first", "second"]);
    await events.follow(undefined);

    kubectl("exit 1");
    await Promise.all([next(), events.follow("third")]);
    while (told.length < 4) {
      await events.follow("third");
      await new Promise((resolve) => setImmediate(resolve));
    }
    await events.close();
    expect(told.slice(2)).toEqual(["third", "third"]);
    const kubeconfigs = readFileSync(join(folder, "started"), "utf8").trim().split("\n");
    expect(kubeconfigs.filter((file) => existsSync(file))).toEqual([]);
  });
});
