import { readdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { sha256Of } from "../../lib/checksum";
import { get, withRetries } from "../../lib/http";
import { type Log, step } from "../../lib/progress";
import { run } from "../../lib/run";
import { cliVersion } from "./versions";

const site = "https://get.pulumi.com";
const releases = `${site}/releases/sdk`;

/** Whether Pulumi's download site answers, within two seconds. */
export async function siteReachable(fetchFrom: typeof fetch = fetch): Promise<boolean> {
  return fetchFrom(`${site}/`, {
    method: "HEAD",
    signal: AbortSignal.timeout(2000),
    redirect: "manual",
  }).then(
    (response) => response.status < 500,
    () => false,
  );
}

/**
 * Downloads the official CLI with its language hosts into a folder.
 * @throws Error if a download fails or the archive is not what the release's checksums say.
 */
export async function downloadEngine(folder: string, log: Log): Promise<void> {
  const archive = archiveName(process.platform, process.arch);
  const content = await step(log, `downloading ${releases}/${archive}`, () => contentOf(archive));
  const checksums = (await contentOf(`pulumi-${cliVersion}-checksums.txt`)).toString("utf8");
  verify(archive, content, checksums);
  const file = join(folder, archive);
  await writeFile(file, content);
  // Every supported system's tar reads both kinds; the archive's one folder is taken off.
  await run({ program: "tar", arguments: ["-xf", file, "-C", folder], timeoutSeconds: 300 });
  await rm(file);
  await liftContents(folder);
}

/** The release's file for a system. */
export function archiveName(platform: NodeJS.Platform, arch: string): string {
  const system = { linux: "linux", darwin: "darwin", win32: "windows" }[platform as string];
  if (system === undefined || (arch !== "x64" && arch !== "arm64")) {
    throw new Error(
      `There is no Pulumi CLI for ${platform} on ${arch}; there is for linux, darwin, win32 on x64, arm64.`,
    );
  }
  return `pulumi-v${cliVersion}-${system}-${arch}.${system === "windows" ? "zip" : "tar.gz"}`;
}

/** @throws Error unless the checksum file has the content's SHA-256 for this name. */
export function verify(name: string, content: Buffer, checksums: string): void {
  const line = checksums.split("\n").find((entry) => entry.trim().endsWith(` ${name}`));
  const expected = line?.trim().split(/\s+/)[0];
  const found = sha256Of(content);
  if (expected !== found) {
    throw new Error(
      `${releases}/${name} has the SHA-256 ${found}, but the release's checksums say ${expected ?? "nothing about it"}. ` +
        "Something on the way changed it; try again, or install the Pulumi CLI by hand.",
    );
  }
}

async function contentOf(name: string): Promise<Buffer> {
  const url = `${releases}/${name}`;
  return withRetries(url, async () => Buffer.from(await (await get(url)).arrayBuffer()));
}

/** Moves `pulumi/…` and, in the archives for Windows, `pulumi/bin/…` up to the folder itself. */
async function liftContents(folder: string): Promise<void> {
  for (const inner of [join(folder, "pulumi"), join(folder, "bin")]) {
    const entries = await readdir(inner).catch(() => undefined);
    if (entries === undefined) {
      continue;
    }
    const aside = `${inner}.aside`;
    await rename(inner, aside);
    for (const entry of entries) {
      await rename(join(aside, entry), join(folder, entry));
    }
    await rm(aside, { recursive: true });
  }
}
