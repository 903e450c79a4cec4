import { StringDecoder } from "node:string_decoder";

/** Collects what a command prints, and hands on each whole line of the streams that are to be logged. */
export class CommandOutput {
  private readonly chunks: { stdout: string[]; stderr: string[] } = { stdout: [], stderr: [] };
  private readonly both: string[] = [];
  private readonly decoders = { stdout: new StringDecoder("utf8"), stderr: new StringDecoder("utf8") };
  private rest = "";

  constructor(
    private readonly logged: { stdout: boolean; stderr: boolean },
    private readonly log: (line: string) => void,
  ) {}

  /** Takes a piece of one of the streams. */
  write(stream: "stdout" | "stderr", chunk: Buffer): void {
    this.add(stream, this.decoders[stream].write(chunk));
  }

  /** Both streams have ended. */
  end(): void {
    this.add("stdout", this.decoders.stdout.end());
    this.add("stderr", this.decoders.stderr.end());
    if (this.rest !== "") {
      this.log(this.rest);
      this.rest = "";
    }
  }

  /** A whole stream, without the newline at its end. */
  text(stream: "stdout" | "stderr"): string {
    return this.chunks[stream].join("").replace(/\n$/, "");
  }

  /** Both streams in the order they came. */
  all(): string {
    return this.both.join("");
  }

  private add(stream: "stdout" | "stderr", text: string): void {
    if (text === "") {
      return;
    }
    this.chunks[stream].push(text);
    this.both.push(text);
    if (!this.logged[stream]) {
      return;
    }
    const lines = (this.rest + text).split("\n");
    this.rest = lines.pop() ?? "";
    for (const line of lines) {
      this.log(line.replace(/\r$/, ""));
    }
  }
}
