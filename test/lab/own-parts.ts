import { lab, ownLabel } from "./the-lab";

interface Node {
  metadata: { name: string; labels: Record<string, string> };
  spec: { taints?: { key: string; value?: string; effect: string }[] };
}

/** The nodes that have the label or the taint of a worker's own: name, label's value, taint's effect. */
export async function nodesWithOwn(): Promise<[string, string | undefined, string | undefined][]> {
  const { items } = await lab.kubectl.json<{ items: Node[] }>(["get", "nodes"]);
  return items.flatMap(({ metadata, spec }) => {
    const taint = spec.taints?.find(({ key }) => key === ownLabel);
    const label = metadata.labels[ownLabel];
    return label === undefined && taint === undefined ? [] : [[metadata.name, label, taint?.effect]];
  });
}

/** Files and commands of a person's own, by cloudInit, and what one worker has of its own. */
export function ownPartTests(): void {
  test("every worker has the file that the configuration gives it, and has run its command once", async () => {
    const workers = lab.outputs.machines.filter(({ role }) => role === "worker");
    const told = await Promise.all(
      workers.map(({ name }) => lab.on(name, "cat /etc/own.conf && sudo cat /root/own-command")),
    );
    expect(told).toEqual(workers.map(() => "own\nonce\n"));
    await expect(lab.on("kube-mast01", "cat /etc/own.conf")).rejects.toThrow("No such file");
  });

  test("the worker that the configuration gives a label and a taint has them, and no other", async () => {
    expect(await nodesWithOwn()).toEqual([["kube-node03", "ssd", "PreferNoSchedule"]]);
  });
}
