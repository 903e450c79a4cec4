import type { Kubectl } from "../../lab/kubectl";
import type { LabOutputs, OutputMachine } from "../../lab/outputs";
import type { LabShell } from "../../lab/shell";
import { waitFor } from "../../lib/progress";
import { endpointOf } from "../../plan/endpoint";
import type { LabPlan } from "../../plan/lab-plan";
import { askApplication, httpRoute } from "./applications";

export interface GuestbookPlace {
  kubectl: Kubectl;
  shell: LabShell;
  plan: LabPlan;
  outputs: LabOutputs;
  /** Folder with the example's objects. */
  manifests: string;
  say: (line: string) => void;
}

interface Service {
  spec: { clusterIP: string; ports: { nodePort: number }[] };
  status: { loadBalancer: { ingress?: { ip: string }[] } };
}

const deployment = "deployment/guestbook";

/**
 * The guestbook: a page in several pods before a store in one, scaled to five and down to two, and signed in each of the ways
 * that lead to it.
 * @throws Error where one of them does not.
 */
export async function runGuestbook({
  kubectl,
  shell,
  plan,
  outputs,
  manifests,
  say,
}: GuestbookPlace): Promise<void> {
  const rollOut = (name: string) =>
    kubectl.run(["rollout", "status", name, "--timeout=120s"], { timeoutMs: 130_000 });
  await kubectl.run(["apply", `--filename=${manifests}`]);
  await rollOut("deployment/guestbook-store");
  for (const replicas of [5, 2]) {
    await kubectl.run(["scale", deployment, `--replicas=${replicas}`]);
    await rollOut(deployment);
    say(`scaled to ${replicas}`);
  }
  const { spec, status } = await kubectl.json<Service>(["get", "service", "guestbook"]);
  const worker = machineOf(outputs, "worker") ?? machineOf(outputs, "master");
  const inPod = (...words: string[]) =>
    kubectl.run(["exec", "deployment/guestbook-store", "--", "toolbox", ...words]);
  const clusterIp = `http://${spec.clusterIP}/`;
  await inPod("sign", clusterIp, "signed by ClusterIP");
  say(`ClusterIP ${clusterIp}: signed from a pod`);

  const nodePort = `http://${worker?.address}:${spec.ports[0]?.nodePort}/`;
  const master = machineOf(outputs, "master")?.name ?? "";
  await signFrom(shell, master, nodePort, "NodePort");
  say(`NodePort ${nodePort}: signed from ${master}`);

  const address = status.loadBalancer.ingress?.[0]?.ip;
  if (address === undefined) {
    say(
      "load balancer: none, MetalLB is off (pulumi config set --path kube-lab:addons.metalLb.enabled true)",
    );
  } else {
    const outside = machineOf(outputs, "loadBalancer")?.name ?? "";
    await signFrom(shell, outside, `http://${address}/`, "load balancer");
    say(`load balancer http://${address}/: signed from ${outside}`);
  }
  if (plan.applications) await signByGateway({ kubectl, outputs, plan, say }, plan.applications.domain);
  const entries = (await inPod("get", clusterIp)).match(/(?<=<li>)[^<]+/g) ?? [];
  say(`in the book: ${entries.join(", ")}`);
  say("In your browser: kubectl port-forward service/guestbook 8080:80, then http://127.0.0.1:8080");
}

/** From this computer, by a name of its own. */
async function signByGateway(
  { kubectl, outputs, plan, say }: Pick<GuestbookPlace, "kubectl" | "outputs" | "plan" | "say">,
  domain: string,
): Promise<void> {
  const host = `guestbook.${domain}`;
  await kubectl.run(["apply", "--filename=-"], { stdin: JSON.stringify(httpRoute("guestbook", host)) });
  const { address, port } = endpointOf(plan, "https");
  const authority = outputs.certificates["kubernetes-ca"] ?? "";
  const wait = {
    log: say,
    what: `for Traefik to know ${host}`,
    boundSeconds: 30,
    remedy: "kubectl describe httproute guestbook; kubectl --namespace traefik logs deployment/traefik",
  };
  await waitFor(wait, async () => {
    const { status } = await askApplication({ address, port }, { host, authority });
    return status === 200 ? true : undefined;
  });
  const form = { entry: "signed by gateway" };
  const { status } = await askApplication({ address, port }, { host, authority, form });
  if (status >= 400) throw new Error(`gateway: https://${host}:${port}/ answers ${status} to a signature`);
  say(`gateway: signed from here, curl --resolve ${host}:${port}:${address} https://${host}:${port}/`);
}

function machineOf({ machines }: LabOutputs, role: OutputMachine["role"]) {
  return machines.find((machine) => machine.role === role);
}

/** As the page's form does. */
async function signFrom(shell: LabShell, machine: string, url: string, way: string): Promise<void> {
  const command = `curl --silent --show-error --fail --max-time 10 --output /dev/null --data-urlencode 'entry=signed by ${way}' ${url}`;
  const { status, stderr } = await shell.run(machine, command, { timeoutMs: 20_000 });
  if (status !== 0) throw new Error(`${way}: ${url} does not answer ${machine}: ${stderr.trim()}`);
}
