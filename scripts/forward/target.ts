import type { OutputMachine } from "../../lab/outputs";
import type { LabShell } from "../../lab/shell";
import { RemedyError } from "../../lib/remedy-error";
import { type AddedForward, lastPort } from "../../plan/forwards";

/** Where a forward leads: all of it but the host's port. */
export type ForwardTarget = Omit<AddedForward, "hostPort">;

/** What a person has asked for. */
export type Wish =
  | { kind: "machine"; machine: string; port: number }
  | { kind: "service"; namespace: string; name: string; port: string | undefined };

/** A service as the API has it, as far as it is looked at. */
export interface Service {
  spec: {
    type: string;
    ports?: { name?: string; port: number; nodePort?: number; protocol?: string }[];
  };
  status?: { loadBalancer?: { ingress?: { ip?: string }[] } };
}

const label = "[a-z0-9](?:[-a-z0-9]*[a-z0-9])?";

/** `MACHINE:PORT`, or `[NAMESPACE/]SERVICE [PORT]`, PORT a number or a name. @throws Error where it is neither. */
export function readWish(words: readonly string[]): Wish {
  const [what = "", port, ...others] = words;
  const machine = new RegExp(`^(${label}):(\\d{1,5})$`).exec(what);
  if (machine?.[1] && port === undefined && isPort(Number(machine[2])))
    return { kind: "machine", machine: machine[1], port: Number(machine[2]) };
  const service = new RegExp(`^(?:(${label})/)?(${label})$`).exec(what);
  const isPortOrName = port === undefined || new RegExp(`^${label}$`).test(port);
  if (service?.[2] && isPortOrName && others.length === 0)
    return { kind: "service", namespace: service[1] ?? "default", name: service[2], port };
  throw new Error(
    "forward to what? npm run forward -- SERVICE [PORT], NAMESPACE/SERVICE [PORT] or MACHINE:PORT",
  );
}

function isPort(port: number): boolean {
  return port >= 1 && port <= lastPort;
}

/** @throws RemedyError where the lab has no such machine, or the host is not let in. */
export function machineTarget(
  { machine, port }: Extract<Wish, { kind: "machine" }>,
  machines: readonly OutputMachine[],
): ForwardTarget {
  const found = machines.find(({ name }) => name === machine);
  if (found?.role === "gateway")
    throw new RemedyError(
      `${machine} is the gateway, which lets its SSH alone in from the host.`,
      `npm run ssh -- ${machine}`,
    );
  if (found === undefined)
    throw new RemedyError(
      `No machine of the lab is called ${machine}.`,
      `Take one of ${machines
        .filter(({ role }) => role !== "gateway")
        .map(({ name }) => name)
        .join(", ")}.`,
    );
  return { target: machine, port, about: `${machine}:${port}` };
}

/**
 * The address of a load balancer's service, else its NodePort by the first worker, or master where there is none.
 * @throws RemedyError where the host can reach neither, or which port is meant is not said.
 */
export function serviceTarget(
  wish: Extract<Wish, { kind: "service" }>,
  service: Service,
  machines: readonly OutputMachine[],
): ForwardTarget {
  const { namespace, name } = wish;
  const port = portOf(wish, service);
  const about = `${namespace}/${name}:${port.port}`;
  const address = service.status?.loadBalancer?.ingress?.find(({ ip }) => ip !== undefined)?.ip;
  if (address !== undefined) return { target: address, port: port.port, about };
  const node =
    machines.find(({ role }) => role === "worker") ?? machines.find(({ role }) => role === "master");
  if (port.nodePort !== undefined && node) return { target: node.name, port: port.nodePort, about };
  throw new RemedyError(
    `The service ${namespace}/${name} is of type ${service.spec.type}, which only pods and nodes reach.`,
    `Make it one that others reach: kubectl --namespace ${namespace} patch service ${name} --patch '{"spec": {"type": "NodePort"}}', or with MetalLB LoadBalancer. For a moment, kubectl --namespace ${namespace} port-forward service/${name} ${port.port} does, too.`,
  );
}

function portOf({ namespace, name, port }: Extract<Wish, { kind: "service" }>, { spec }: Service) {
  const ports = (spec.ports ?? []).filter(({ protocol = "TCP" }) => protocol === "TCP");
  const fitting =
    port === undefined
      ? ports
      : ports.filter((candidate) => String(candidate.port) === port || candidate.name === port);
  const [found, ...others] = fitting;
  if (found !== undefined && others.length === 0) return found;
  const names = ports.map((each) => (each.name ? `${each.port} (${each.name})` : String(each.port)));
  const known = names.length === 0 ? "has no TCP port" : `has the TCP ports ${names.join(", ")}`;
  throw new RemedyError(
    `The service ${namespace}/${name} ${known}${port === undefined ? "" : `, ${port} is not one of them`}.`,
    `Say which: npm run forward -- ${namespace}/${name} ${ports[0]?.port ?? "PORT"}`,
  );
}

/** Asks the masters in turn. @throws Error where none answers, RemedyError where there is no such service. */
export async function askForService(
  { namespace, name }: Extract<Wish, { kind: "service" }>,
  machines: readonly OutputMachine[],
  shell: Pick<LabShell, "run">,
): Promise<Service> {
  const command = `sudo kubectl --kubeconfig=/etc/kubernetes/admin.conf --request-timeout=10s --namespace=${namespace} get service ${name} --output=json`;
  const problems: string[] = [];
  for (const master of machines.filter(({ role }) => role === "master")) {
    const asked = shell.run(master.name, command, { timeoutMs: 20_000 });
    const { status, stdout, stderr } = await asked.catch((error: Error) => ({
      ...{ status: -1, stdout: "", stderr: error.message },
    }));
    if (status === 0) return JSON.parse(stdout) as Service;
    if (/NotFound/.test(stderr))
      throw new RemedyError(
        `There is no service ${name} in namespace ${namespace}.`,
        "kubectl get services --all-namespaces shows those that are there; another namespace: npm run forward -- NAMESPACE/SERVICE.",
      );
    problems.push(`${master.name}: ${stderr.trim()}`);
  }
  throw new Error(`no master tells what the service is: ${problems.join("; ")}`);
}
