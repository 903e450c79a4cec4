import { addressAt } from "../lib/addresses";
import { madeWith } from "./config/changes";
import type { Configuration } from "./config/defaults";
import { ownSources } from "./config/own-parts";
import { planProxy } from "./config/proxy";
import { planRegistries } from "./config/registries";
import type { AddedForward } from "./forwards";
import { planSettings } from "./kubernetes-settings";
import type { ApplicationsPlan, LabPlan } from "./lab-plan";
import { planMachines } from "./machines";
import { webPorts } from "./ports";
import { planSubnets } from "./subnets";

const HOURS_A_DAY = 24;
const HOURS_A_YEAR = 365 * HOURS_A_DAY;

/**
 * The whole lab out of a configuration that `parseConfiguration` has found good.
 * @param added what `npm run forward` has added to the lab that lives
 */
export function planLab(
  configuration: Configuration,
  stack: string,
  added: readonly AddedForward[] = [],
): LabPlan {
  const { kubernetes, loadBalancers, hostAccess, certificates, image } = configuration;
  const proxy = planProxy(configuration);
  // The stand-in's machines reach nothing outside their computer, and share its clock.
  const reachesOut = configuration.hypervisor !== "embedded";
  return {
    project: "kube-lab",
    stack,
    madeWith: madeWith(configuration),
    hypervisor: configuration.hypervisor,
    group: `/kube-lab/${stack}`,
    domain: configuration.domain,
    apiName: `api.${configuration.domain}`,
    virtualIp: loadBalancers.virtualIp,
    statisticsPort: loadBalancers.statisticsPort,
    user: configuration.user,
    authorizedKeys: configuration.ssh.authorizedKeys.map((key) => key.trim()),
    upstreamResolvers: reachesOut ? configuration.upstreamResolvers : [],
    timeServers: reachesOut ? configuration.timeServers : [],
    subnets: planSubnets(configuration, stack),
    machines: planMachines(configuration, stack, added),
    workersAtOnce: configuration.workers.atOnce,
    kubernetes: {
      version: kubernetes.version,
      podSubnet: kubernetes.podSubnet,
      serviceSubnet: kubernetes.serviceSubnet,
      clusterDomain: kubernetes.clusterDomain,
      apiServiceAddress: addressAt(kubernetes.serviceSubnet, 1),
      dnsServiceAddress: addressAt(kubernetes.serviceSubnet, 10),
      controlPlaneEndpoint: `${loadBalancers.virtualIp}:${kubernetes.apiPort}`,
      apiPort: kubernetes.apiPort,
      extraNames: kubernetes.apiServer.extraNames,
      settings: planSettings(configuration),
    },
    addons: planAddons(configuration),
    ...(configuration.addons.traefik.enabled && { applications: planApplications(configuration) }),
    gluster: { volume: configuration.gluster.volume, replicas: 3 },
    image: {
      base: image.base,
      rootDiskGiB: image.rootDiskGiB,
      layout: image.layout,
      ...(image.checksum && { checksum: image.checksum }),
    },
    imageArchives: configuration.images,
    ownSources: ownSources(configuration),
    registries: planRegistries(configuration),
    certificateAuthorities: configuration.certificateAuthorities,
    ...(proxy && { proxy }),
    hostAccess: { mode: hostAccess.mode, address: hostAccess.address },
    certificates: {
      authorityHours: certificates.authorityYears * HOURS_A_YEAR,
      leafHours: certificates.leafDays * HOURS_A_DAY,
      renewalHours: certificates.renewBeforeDays * HOURS_A_DAY,
    },
  };
}

function planAddons({ addons, gluster }: Configuration): LabPlan["addons"] {
  const { storage } = addons;
  return { ...addons, storage: { ...storage, enabled: storage.enabled && gluster.count > 0 } };
}

function planApplications({ domain, addons: { traefik } }: Configuration): ApplicationsPlan {
  return {
    domain: `apps.${domain}`,
    ports: {
      http: { port: webPorts.http, nodePort: traefik.httpNodePort },
      https: { port: webPorts.https, nodePort: traefik.httpsNodePort },
    },
  };
}
