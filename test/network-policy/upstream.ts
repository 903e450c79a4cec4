import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { cacheFolder } from "../../lib/cache";
import { sha256OfFolder } from "../../lib/checksum";
import type { Architecture } from "../../plan/versions";
import { goCommand } from "../../supply/kubernetes/go/go-command";
import { writeProgramImage } from "../../supply/kubernetes/image/program-image";

const module = join(__dirname, "suite");
/** As its release of Kubernetes names it, test/utils/image/manifest.go. */
const agnhost = "registry.k8s.io/e2e-test-images/agnhost:2.63.0";

/** Upstream's tests of NetworkPolicies as a program, and the archive of the image that their pods are of. */
export interface Upstream {
  program: string;
  image: string;
}

/** Out of Go modules, once for each state of suite/. */
export async function upstreamSuite(architecture: Architecture): Promise<Upstream> {
  const caches = join(cacheFolder(), "network-policy-suite");
  const folder = join(caches, `${(await sha256OfFolder(module)).slice(0, 12)}-${architecture}`);
  const made = { program: join(folder, "netpol.test"), image: join(folder, "agnhost.tar") };
  if (existsSync(folder)) return made;
  await mkdir(caches, { recursive: true });
  const work = await mkdtemp(join(caches, ".work-"));
  try {
    const go = (...words: string[]) =>
      goCommand({
        arguments: [...words, "-mod=readonly", "-trimpath", "-buildvcs=false", "-ldflags=-s -w"],
        folder: module,
        environment: { CGO_ENABLED: "0", GOOS: "linux", GOARCH: architecture },
        onLine: () => undefined,
      });
    await go("test", "-c", "-o", join(work, "netpol.test"), ".");
    await go("build", "-o", join(work, "agnhost"), "k8s.io/kubernetes/test/images/agnhost");
    await writeProgramImage(join(work, "agnhost.tar"), work, architecture, {
      name: agnhost,
      programs: [{ file: join(work, "agnhost"), path: "agnhost" }],
      settings: { Entrypoint: ["/agnhost"], Cmd: ["pause"] },
    });
    await rename(work, folder);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  return made;
}
