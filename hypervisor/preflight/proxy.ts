import { fetchOutside, proxyTrouble } from "../../lib/fetch-outside";
import { proxyFor, shownProxy } from "../../lib/proxy";
import { type Finding, fine, warning } from "./finding";
import type { Probes } from "./probes";

/** What set-up may have to ask; any answer of it shows that the proxy leads there. */
const site = "https://registry.k8s.io/v2/";
const answerMilliseconds = 5000;

/**
 * The proxy of this computer's variables, which set-up has the configuration's in, lets its downloads through. A lab whose programs are
 * all here needs none: nothing ends for it.
 */
export async function checkProxy({ host }: Probes, why = troubleWith): Promise<Finding[]> {
  const proxy = proxyFor(site, host.environment);
  if (proxy === undefined) return [];
  const trouble = await why(site);
  if (trouble === undefined) return [fine("proxy", shownProxy(proxy))];
  return [
    warning(
      "proxy",
      trouble,
      "correct HTTPS_PROXY, kube-lab:proxy.https or the exceptions, NO_PROXY; where nothing is left to download, go on",
    ),
  ];
}

async function troubleWith(url: string): Promise<string | undefined> {
  try {
    await fetchOutside(url, { method: "HEAD", signal: AbortSignal.timeout(answerMilliseconds) });
    return undefined;
  } catch (error) {
    return (
      proxyTrouble(url, error) ??
      `${url} does not answer by the proxy within ${answerMilliseconds / 1000} s: ${(error as Error).message}`
    );
  }
}
