import { dashboardPort, webPorts } from "../../ports";
import { type Problem, setCommand } from "../problems";
import type { CheckInput, ConfigurationCheck } from "./check";

interface Port {
  key: string;
  port: number;
  fallback: number;
}

/** Ports that a gateway, load balancer or master already listens on. */
const takenInMachines = new Map([
  [22, "SSH"],
  [53, "DNS"],
  [67, "DHCP"],
  [123, "time"],
  [2224, "pcsd"],
  [2379, "etcd"],
  [2380, "etcd's peers"],
  [2381, "etcd's metrics"],
  [5405, "corosync"],
  [10248, "kubelet's health"],
  [10249, "kube-proxy's metrics"],
  [10250, "kubelet"],
  [10256, "kube-proxy's health"],
  [10257, "kube-controller-manager"],
  [10259, "kube-scheduler"],
  [dashboardPort, "the dashboard"],
]);

/** kube-apiserver's --service-node-port-range. */
const nodePorts = { from: 30000, to: 32767 };

export const checkPorts: ConfigurationCheck = (input) => [
  ...duplicates(hostPorts(input)),
  ...duplicates(machinePorts(input)),
  ...duplicates(applicationPorts(input)),
  ...taken(machinePorts(input), takenOn(input)),
  ...taken(applicationPorts(input), new Map([[dashboardPort, "the dashboard"]])),
  ...nodePort(input),
];

function hostPorts({ configuration, defaults }: CheckInput): Port[] {
  const { enabled } = configuration.addons.traefik;
  const web = enabled ? (["httpPort", "httpsPort"] as const) : [];
  return (["apiPort", "sshPort", "statisticsPort", "dashboardPort", ...web] as const).map((name) => ({
    key: `hostAccess.${name}`,
    port: configuration.hostAccess[name],
    fallback: defaults.hostAccess[name],
  }));
}

/** On the virtual IP, and forwarded by the gateway under the same number. */
function machinePorts({ configuration, defaults }: CheckInput): Port[] {
  return [
    {
      key: "kubernetes.apiPort",
      port: configuration.kubernetes.apiPort,
      fallback: defaults.kubernetes.apiPort,
    },
    {
      key: "loadBalancers.statisticsPort",
      port: configuration.loadBalancers.statisticsPort,
      fallback: defaults.loadBalancers.statisticsPort,
    },
  ];
}

/** Of every node. */
function applicationPorts({ configuration, defaults }: CheckInput): Port[] {
  return (["httpNodePort", "httpsNodePort"] as const).map((name) => ({
    key: `addons.traefik.${name}`,
    port: configuration.addons.traefik[name],
    fallback: defaults.addons.traefik[name],
  }));
}

function takenOn({ configuration }: CheckInput): ReadonlyMap<number, string> {
  return configuration.addons.traefik.enabled
    ? new Map([
        ...takenInMachines,
        [webPorts.http, "applications"],
        [webPorts.https, "applications by HTTPS"],
      ])
    : takenInMachines;
}

/** Of two that are the same, the changed one is to blame, else the later one. */
function duplicates(ports: Port[]): Problem[] {
  return ports.flatMap((second, i) =>
    ports
      .slice(0, i)
      .filter((first) => first.port === second.port)
      .map((first): Problem => {
        const [blamed, other] = second.port === second.fallback ? [first, second] : [second, first];
        return {
          key: blamed.key,
          value: blamed.port,
          reason: `${other.key} has the same port`,
          allowed: `a port of its own, not ${ports
            .filter((port) => port !== blamed)
            .map(({ port }) => port)
            .join(" or ")}`,
          fix: setCommand(blamed.key, freePort(blamed, ports)),
          dependsOn: [other.key],
        };
      }),
  );
}

function freePort(blamed: Port, ports: Port[]): number {
  const isTaken = (candidate: number) =>
    ports.some(({ key, port }) => key !== blamed.key && port === candidate);
  let candidate = blamed.fallback;
  while (isTaken(candidate)) {
    candidate++;
  }
  return candidate;
}

function taken(ports: Port[], owners: ReadonlyMap<number, string>): Problem[] {
  return ports.flatMap(({ key, port, fallback }): Problem[] => {
    const owner = owners.get(port);
    return owner === undefined
      ? []
      : [
          {
            key,
            value: port,
            reason: `inside the lab's machines that is the port of ${owner}`,
            allowed: `none of ${[...owners.keys()].join(", ")}`,
            fix: setCommand(key, fallback),
          },
        ];
  });
}

function nodePort({ configuration, defaults }: CheckInput): Problem[] {
  const { apiPort } = configuration.kubernetes;
  return apiPort < nodePorts.from || apiPort > nodePorts.to
    ? []
    : [
        {
          key: "kubernetes.apiPort",
          value: apiPort,
          reason: "on a master it could be taken by a service of type NodePort",
          allowed: `a port outside ${nodePorts.from} to ${nodePorts.to}`,
          fix: setCommand("kubernetes.apiPort", defaults.kubernetes.apiPort),
        },
      ];
}
