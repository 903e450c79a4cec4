import type { ServerResponse } from "node:http";
import type { Happening } from "../lab/happening";
import type { LabView } from "./view";

const mostHappenings = 200;

/** What pages get, as Server-Sent Events: the newest view and the latest happenings at once, each new one as it comes. */
export class Feed {
  private readonly subscribers = new Set<ServerResponse>();
  private readonly happenings = new Map<string, Happening>();
  private view: LabView | undefined;
  private noticed = () => {};

  subscribe(response: ServerResponse): void {
    response.writeHead(200, { "Content-Type": "text/event-stream" });
    response.write(message("happenings", [...this.happenings.values()]));
    if (this.view) response.write(message("view", this.view));
    this.subscribers.add(response);
    response.on("close", () => this.subscribers.delete(response));
    this.noticed();
  }

  show(view: LabView): void {
    this.view = view;
    this.send("view", view);
  }

  /** Tells only what is new, or newly said. */
  tell(happenings: readonly Happening[]): void {
    const fresh = happenings.filter(
      (happening) => JSON.stringify(this.happenings.get(happening.id)) !== JSON.stringify(happening),
    );
    if (fresh.length === 0) return;
    for (const happening of fresh) this.happenings.set(happening.id, happening);
    this.dropOldest();
    this.send("happenings", fresh);
  }

  /** Resolves as soon as a page is open, or `ending` has come. */
  async watched(ending: AbortSignal): Promise<void> {
    if (this.subscribers.size > 0 || ending.aborted) return;
    await new Promise<void>((resolve) => {
      this.noticed = resolve;
      ending.addEventListener("abort", () => resolve(), { once: true });
    });
  }

  /** Ends every page's stream. */
  close(): void {
    for (const response of this.subscribers) response.end();
  }

  private send(event: string, data: unknown): void {
    for (const response of this.subscribers) response.write(message(event, data));
  }

  private dropOldest(): void {
    const byTime = [...this.happenings.values()].sort((a, b) => a.time.localeCompare(b.time));
    for (const { id } of byTime.slice(0, -mostHappenings)) this.happenings.delete(id);
  }
}

function message(event: string, data: unknown): string {
  return `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}
