import { fetchOutside } from "../../lib/fetch-outside";
import type { Log } from "../../lib/progress";
import type { Source } from "./manifest";

const variable = "KUBE_LAB_SOURCE";
const probeTimeoutMs = 4000;

/** The source that a caller or KUBE_LAB_SOURCE demands; undefined when it is left to us. */
export function explicitSource(option: Source | "auto" | undefined): Source | undefined {
  const wanted = option ?? (process.env[variable] || "auto");
  if (wanted === "go-modules" || wanted === "official") return wanted;
  if (wanted === "auto") return undefined;
  throw new Error(`${variable}=${wanted}: must be auto, official or go-modules`);
}

/** The source to use: the demanded one, else official downloads where they answer, else Go modules. */
export async function chooseSource(
  option: Source | "auto" | undefined,
  kubernetesVersion: string,
  log: Log,
  probe: (url: string) => Promise<boolean> = answers,
): Promise<Source> {
  const demanded = explicitSource(option);
  if (demanded) return demanded;
  const needed = [
    `https://dl.k8s.io/release/v${kubernetesVersion}/bin/linux/amd64/kubectl.sha256`,
    "https://registry.k8s.io/v2/",
  ];
  const reached = await Promise.all(needed.map(probe));
  const missing = needed.filter((_, index) => !reached[index]);
  if (missing.length === 0) return "official";
  log(
    `Kubernetes' download sites do not answer (${missing.join(", ")}): it is built from Go modules instead`,
  );
  return "go-modules";
}

/** Whether a server answers for an address, be it with a refusal to show it without a login. */
async function answers(url: string): Promise<boolean> {
  try {
    const { ok, status } = await fetchOutside(url, {
      method: "HEAD",
      signal: AbortSignal.timeout(probeTimeoutMs),
    });
    return ok || status === 401;
  } catch {
    return false;
  }
}
