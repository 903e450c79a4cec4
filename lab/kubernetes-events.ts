import type { Happening } from "./happening";
import { Kubectl } from "./kubectl";

/** As the API has it (core/v1), of which old writers fill other fields than new ones. */
interface KubernetesEvent {
  metadata: { uid: string; creationTimestamp: string };
  involvedObject: { kind: string; namespace?: string; name: string };
  type?: string;
  reason?: string;
  message?: string;
  count?: number;
  lastTimestamp?: string | null;
  eventTime?: string | null;
  series?: { count: number; lastObservedTime: string };
}

/** One line of the API's watch; undefined where it is about something else than a new word, or cut off by the end. */
export function happeningOf(line: string): Happening | undefined {
  const { type, object } = parsed(line);
  if (object === undefined || (type !== "ADDED" && type !== "MODIFIED")) return undefined;
  const { metadata, involvedObject, series } = object;
  const times = series?.count ?? object.count ?? 1;
  const time =
    series?.lastObservedTime ?? object.lastTimestamp ?? object.eventTime ?? metadata.creationTimestamp;
  const place = involvedObject.namespace === undefined ? "" : `${involvedObject.namespace}/`;
  const words = [object.reason, object.message?.trim()].filter(Boolean).join(": ");
  return {
    id: metadata.uid,
    time: new Date(time).toISOString(),
    source: "Kubernetes",
    severity: object.type === "Warning" ? "bad" : "normal",
    subject: `${involvedObject.kind} ${place}${involvedObject.name}`,
    text: times > 1 ? `${words} (${times} times)` : words,
  };
}

function parsed(line: string): { type?: string; object?: KubernetesEvent } {
  try {
    return JSON.parse(line) as { type: string; object: KubernetesEvent };
  } catch {
    return {};
  }
}

interface Following {
  kubeconfig: string;
  stop: AbortController;
  ended: boolean;
  done: Promise<void>;
}

/** Follows the events of whichever cluster there is. */
export class KubernetesEvents {
  private following: Following | undefined;

  constructor(
    private readonly kubectl: string,
    private readonly tell: (happening: Happening) => void,
  ) {}

  /** To be called at every look: begins, begins again where the API ended it, or stops without a cluster. */
  async follow(kubeconfig: string | undefined): Promise<void> {
    if (this.following?.kubeconfig === kubeconfig && this.following?.ended === false) return;
    await this.close();
    if (kubeconfig !== undefined) this.following = this.begin(kubeconfig);
  }

  /** Resolves when nothing is left of it. */
  async close(): Promise<void> {
    this.following?.stop.abort();
    await this.following?.done;
    this.following = undefined;
  }

  private begin(kubeconfig: string): Following {
    const stop = new AbortController();
    const kubectl = new Kubectl(this.kubectl, kubeconfig);
    const following: Following = { kubeconfig, stop, ended: false, done: Promise.resolve() };
    following.done = kubectl
      .follow(["get", "--raw=/api/v1/events?watch=true"], (line) => this.read(line), stop.signal)
      // Why it ended is of no use here: the next look tells what is wrong with the lab.
      .catch(() => {})
      .finally(() => {
        kubectl.close();
        following.ended = true;
      });
    return following;
  }

  private read(line: string): void {
    const happening = happeningOf(line);
    if (happening !== undefined) this.tell(happening);
  }
}
