import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * The program that opens a file with the desktop's own browser, and its arguments before the file.
 * Undefined where there is no desktop: in a text console, or through SSH.
 */
export function opener(platform: NodeJS.Platform, environment: NodeJS.ProcessEnv): string[] | undefined {
  if (platform === "win32") return ["rundll32", "url.dll,FileProtocolHandler"];
  if (platform === "darwin") return environment.SSH_CONNECTION ? undefined : ["open"];
  return environment.DISPLAY || environment.WAYLAND_DISPLAY ? ["xdg-open"] : undefined;
}

/**
 * Opens an address in the browser where there is a desktop. By a file that leads there and that only its owner reads: in a
 * command line everybody on this computer would see the token.
 * @returns a function that removes the file
 */
export function openBrowser(url: string): () => void {
  const [program, ...first] = opener(process.platform, process.env) ?? [];
  if (program === undefined) return () => {};
  const folder = mkdtempSync(join(tmpdir(), "kube-lab-ui-"));
  const file = join(folder, "open.html");
  writeFileSync(file, `<!doctype html><meta http-equiv="refresh" content="0; url=${url}">`, { mode: 0o600 });
  const child = spawn(program, [...first, file], { stdio: "ignore", detached: true });
  // The address is printed anyway.
  child.on("error", () => {});
  child.unref();
  return () => rmSync(folder, { recursive: true, force: true });
}
