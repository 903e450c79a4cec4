import { execFile, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** The bundle's kubectl with a lab's kubeconfig, in a file that only its owner reads. */
export class Kubectl {
  private readonly folder = mkdtempSync(join(tmpdir(), "kube-lab-kubectl-"));

  constructor(
    private readonly program: string,
    kubeconfig: string,
  ) {
    writeFileSync(join(this.folder, "kubeconfig"), kubeconfig, { mode: 0o600 });
  }

  /**
   * @returns what it printed
   * @throws Error with what it said when it fails, or after `timeoutMs`.
   */
  run(commandArguments: string[], options: { stdin?: string; timeoutMs?: number } = {}): Promise<string> {
    const limits = {
      timeout: options.timeoutMs ?? 60_000,
      maxBuffer: 64 * 1024 * 1024,
      env: this.environment(),
    };
    return new Promise((resolve, reject) => {
      const child = execFile(this.program, commandArguments, limits, (error, stdout, stderr) => {
        if (error)
          reject(new Error(`kubectl ${commandArguments.join(" ")}: ${stderr.trim() || error.message}`));
        else resolve(stdout);
      });
      // One that ends before it has read says why by itself.
      child.stdin?.on("error", () => undefined).end(options.stdin ?? "");
    });
  }

  async json<T>(commandArguments: string[]): Promise<T> {
    return JSON.parse(await this.run([...commandArguments, "--output=json"])) as T;
  }

  /** Hands on each line that it prints as it comes, until it ends or `ending` does it. */
  follow(commandArguments: string[], read: (line: string) => void, ending: AbortSignal): Promise<void> {
    const child = spawn(this.program, commandArguments, {
      stdio: ["ignore", "pipe", "ignore"],
      env: this.environment(),
      signal: ending,
    });
    createInterface({ input: child.stdout }).on("line", read);
    return new Promise((resolve, reject) => {
      child.on("error", reject);
      child.on("close", () => resolve());
    });
  }

  private environment(): NodeJS.ProcessEnv {
    return { ...process.env, KUBECONFIG: join(this.folder, "kubeconfig") };
  }

  /** Removes the kubeconfig's copy. */
  close(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
