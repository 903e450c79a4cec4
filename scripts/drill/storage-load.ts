import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { StorageFigures } from "../../lab/drill-figures";
import type { LabShell } from "../../lab/shell";

const LIMIT_SECONDS = 900;
const MOUNT = "/run/kube-lab-drill/volume";
const PROGRESS = "/run/kube-lab-drill/progress";
const STOP = "/run/kube-lab-drill/stop";

const printed = z.object({
  written: z.number(),
  failed: z.number(),
  longestSeconds: z.number(),
  lastError: z.string(),
});

/** A writer on one worker that appends to a file of the Gluster volume, and a reader on another. */
export class StorageLoad {
  private writing: Promise<Omit<StorageFigures, "found">> | undefined;
  private file = "";

  constructor(
    private readonly shell: LabShell,
    private readonly writer: string,
    private readonly reader: string,
    /** Names of the Gluster machines: any of them can tell a client of the volume. */
    private readonly servers: readonly string[],
    private readonly volume: string,
  ) {}

  async mount(): Promise<void> {
    const [first = "", ...others] = this.servers;
    const backup = others.length > 0 ? `-o backup-volfile-servers=${others.join(":")} ` : "";
    const mount = `sudo mount -t glusterfs ${backup}${first}:/${this.volume} ${MOUNT}`;
    for (const machine of this.clients)
      await this.must(machine, `sudo mkdir -p ${MOUNT} && (mountpoint -q ${MOUNT} || ${mount})`);
  }

  async unmount(): Promise<void> {
    await this.must(this.writer, `sudo sh -c 'rm -f ${MOUNT}/kube-lab-drill-*'`).catch(() => undefined);
    for (const machine of this.clients)
      await this.must(
        machine,
        `sudo umount --lazy ${MOUNT}; sudo rm -rf --one-file-system /run/kube-lab-drill`,
      ).catch(() => undefined);
  }

  async begin(): Promise<void> {
    this.file = `${MOUNT}/kube-lab-drill-${Date.now()}`;
    await this.must(this.writer, `sudo rm -f ${STOP} ${PROGRESS}`);
    this.writing = this.shell
      .run(this.writer, `sudo python3 - ${this.file} ${PROGRESS} ${STOP} ${LIMIT_SECONDS}`, {
        stdin: readFileSync(join(__dirname, "append-lines.py"), "utf8"),
        timeoutMs: (LIMIT_SECONDS + 60) * 1000,
      })
      .then(({ status, stdout, stderr }) => {
        if (status !== 0) throw new Error(`the writer on ${this.writer} ended with ${status}: ${stderr}`);
        return printed.parse(JSON.parse(stdout));
      });
    // It is waited for at the end.
    this.writing.catch(() => undefined);
  }

  /** Lines written so far. */
  async progress(): Promise<number> {
    return Number(await this.must(this.writer, `cat ${PROGRESS} 2>/dev/null || echo 0`));
  }

  async end(): Promise<StorageFigures> {
    if (this.writing === undefined) throw new Error("the writer was not begun");
    await this.must(this.writer, `sudo touch ${STOP}`);
    const figures = await this.writing;
    return { ...figures, found: Number(await this.must(this.reader, `sudo cat ${this.file} | wc -l`)) };
  }

  private get clients(): string[] {
    return [...new Set([this.writer, this.reader])];
  }

  private async must(machine: string, command: string): Promise<string> {
    const { status, stdout, stderr } = await this.shell.run(machine, command);
    if (status !== 0) throw new Error(`${machine}: ${command}: status ${status}: ${stderr.trim()}`);
    return stdout.trim();
  }
}
