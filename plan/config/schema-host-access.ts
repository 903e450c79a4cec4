import { forwards, hostAdapter, interfaceAddress } from "./kinds";
import {
  address,
  cidr,
  derivedKey,
  group,
  inPlace,
  key,
  machineAfterMachine,
  oneOf,
  port,
  section,
} from "./settings";

const inStackDev = "in stack dev; in another moved by a number made from its name";

/** How the host reaches the lab. */
export const hostAccess = section("How the host reaches the lab, and by which ports", {
  mode: key(
    oneOf(["forward", "hostonly", "bridged"]),
    "forward",
    machineAfterMachine,
    "How the host reaches the lab: forwarded ports; also an adapter of the host's alone; also the LAN",
  ),
  address: key(address(), "127.0.0.1", inPlace, "The host's address that forwarded ports listen on"),
  adapter: derivedKey(
    hostAdapter,
    "found by its address, else made, for hostonly",
    machineAfterMachine,
    "The host's adapter; for bridged, a part of its name is enough",
  ),
  apiPort: derivedKey(port(1024), inStackDev, inPlace, "Port of the host that leads to the API"),
  sshPort: derivedKey(port(1024), inStackDev, inPlace, "Port of the host that leads to the gateway's SSH"),
  statisticsPort: derivedKey(
    port(1024),
    inStackDev,
    inPlace,
    "Port of the host that leads to the statistics",
  ),
  dashboardPort: derivedKey(
    port(1024),
    inStackDev,
    inPlace,
    "Port of the host that leads to the dashboard, where it is on",
  ),
  httpPort: derivedKey(
    port(1024),
    inStackDev,
    inPlace,
    "Port of the host that leads to the applications, with Traefik",
  ),
  httpsPort: derivedKey(port(1024), inStackDev, inPlace, "The same for HTTPS"),
  forwards: key(
    forwards,
    [],
    inPlace,
    "More ports of the host: each leads to a machine's port, a NodePort by a worker, or a service by its address",
  ),
  hostOnly: group({
    cidr: derivedKey(
      cidr(8, 28),
      "in stack dev; in another one of the seven after it, by its name",
      machineAfterMachine,
      "Subnet between host and gateway, for hostonly",
    ),
    host: derivedKey(address(), "first address", machineAfterMachine, "The host's address in it"),
    gateway: derivedKey(address(), "last address", inPlace, "The gateway's address in it"),
  }),
  bridged: group({
    machines: key(
      oneOf(["gateway", "all"]),
      "gateway",
      machineAfterMachine,
      "Which machines are on the LAN, for bridged: the gateway alone, or `all`, each by an adapter of its own",
    ),
    address: derivedKey(
      interfaceAddress,
      "by the LAN's DHCP",
      inPlace,
      "The gateway's own address on the LAN, for bridged",
    ),
    range: group({
      from: derivedKey(
        address(),
        "by the LAN's DHCP",
        inPlace,
        "First of the other machines' own addresses on the LAN, with `all`; of every four each role has one",
      ),
      to: derivedKey(address(), "by the LAN's DHCP", inPlace, "Last address that they may have"),
    }),
    trusted: derivedKey(
      cidr(8, 32),
      "none: SSH, and the API and statistics of the gateway",
      inPlace,
      "Subnet of the LAN from which every machine is reached in full, for bridged: through the gateway, and with `all` directly",
    ),
  }),
});
