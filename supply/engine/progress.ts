/** Says what a long set-up does, one line a step, each with the seconds since its start. */
export class Progress {
  private readonly started = Date.now();

  constructor(
    private readonly subject: string,
    private readonly write: (line: string) => void,
  ) {}

  say(message: string): void {
    const seconds = Math.round((Date.now() - this.started) / 1000);
    this.write(`${this.subject}: ${message} (${seconds} s)`);
  }

  /** Runs a step; while it lasts, says every 20 seconds that it does, and what `detail` has to add. */
  async step<T>(message: string, work: () => Promise<T>, detail: () => string = () => ""): Promise<T> {
    this.say(message);
    return this.wait(message, work, detail);
  }

  /** The same for what usually takes no time: silent unless it does. */
  async wait<T>(message: string, work: () => Promise<T>, detail: () => string = () => ""): Promise<T> {
    const timer = setInterval(() => this.say(`still ${message}${detail()}`), 20_000);
    try {
      return await work();
    } finally {
      clearInterval(timer);
    }
  }
}
