import type { Configuration } from "./config/defaults";
import type { AddedForward } from "./forwards";
import type { ForwardPlan } from "./lab-plan";
import { addressOf, machineNames } from "./machine-names";
import { ownForwards } from "./own-forwards";
import { dashboardPort, webPorts } from "./ports";

/** The lab's own forwards, and the user's after them. */
export function planForwards(configuration: Configuration, added: readonly AddedForward[]): ForwardPlan[] {
  const labs = labForwards(configuration);
  const { address: hostAddress, forwards: configured } = configuration.hostAccess;
  const addresses = new Map(
    machineNames(configuration).map(({ name, role, index }) => [name, addressOf(configuration, role, index)]),
  );
  return [
    ...labs,
    ...ownForwards({ configured, added, hostAddress, addressOf: (name) => addresses.get(name) }, labs),
  ];
}

function labForwards({ hostAccess, loadBalancers, kubernetes, addons }: Configuration): ForwardPlan[] {
  const hostAddress = hostAccess.address;
  const toVirtualIp = (name: ForwardPlan["name"], hostPort: number, port: number): ForwardPlan => ({
    name,
    hostAddress,
    hostPort,
    guestPort: port,
    target: { address: loadBalancers.virtualIp, port },
  });
  return [
    toVirtualIp("api", hostAccess.apiPort, kubernetes.apiPort),
    { name: "ssh", hostAddress, hostPort: hostAccess.sshPort, guestPort: 22 },
    toVirtualIp("statistics", hostAccess.statisticsPort, loadBalancers.statisticsPort),
    ...(addons.headlamp.enabled ? [toVirtualIp("dashboard", hostAccess.dashboardPort, dashboardPort)] : []),
    ...(addons.traefik.enabled
      ? [
          toVirtualIp("http", hostAccess.httpPort, webPorts.http),
          toVirtualIp("https", hostAccess.httpsPort, webPorts.https),
        ]
      : []),
  ];
}
