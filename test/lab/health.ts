import { eventually } from "./lab-under-test";
import { lab } from "./the-lab";

interface Node {
  metadata: { name: string };
  status: { conditions: { type: string; status: string }[] };
}

/** The nodes of the reference lab. */
export const referenceNodes = [1, 2, 3].flatMap((n) => [`kube-mast0${n}`, `kube-node0${n}`]).sort();

export async function readyNodes(): Promise<string[]> {
  const { items } = await lab.kubectl.json<{ items: Node[] }>(["get", "nodes"]);
  const ready = items.filter((node) =>
    node.status.conditions.some(({ type, status }) => type === "Ready" && status === "True"),
  );
  return ready.map((node) => node.metadata.name).sort();
}

export async function podsReady(selector: string, namespace = "default"): Promise<void> {
  const wanted = [
    `--namespace=${namespace}`,
    `--selector=${selector}`,
    "--for=condition=Ready",
    "--timeout=120s",
  ];
  await lab.kubectl.run(["wait", "pods", ...wanted], { timeoutMs: 130_000 });
}

/**
 * As `npm run status` says; members of clusters need a moment to hear of each other, and what clients leave that find a brick late
 * waits for Gluster's next round of healing, every minute.
 */
export async function eventuallyHealthy(who = lab): Promise<void> {
  await eventually("a lab that status calls healthy", 240_000, async () => {
    const ailments = await who.ailments();
    if (ailments.length > 0) throw new Error(ailments.join("; "));
    return true;
  });
}
