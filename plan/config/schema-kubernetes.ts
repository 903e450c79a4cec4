import { defaultKubernetesVersion } from "../versions";
import { authorityCertificate, certifiedNames, domain, kubernetesRelease } from "./kinds";
import { auditPolicy, claim, flags, gates, issuer, kubeletFields } from "./kinds-kubernetes";
import {
  cidr,
  derivedKey,
  group,
  inPlace,
  key,
  machineAfterMachine,
  newLabOnly,
  oneOf,
  onOrOff,
  port,
  section,
} from "./settings";

const extraArguments = (program: string) =>
  key(flags, {}, machineAfterMachine, `Flags of ${program} beside those that the lab and kubeadm give it`);

/** Kubernetes itself: what a lab is made with, and the settings of its programs. */
export const kubernetes = section("Release, subnets, cluster domain, API port, settings of its programs", {
  version: key(
    kubernetesRelease,
    defaultKubernetesVersion,
    machineAfterMachine,
    "Release of Kubernetes, and of the kubeadm that sets it up",
  ),
  podSubnet: key(
    cidr(8, 24),
    "10.244.0.0/16",
    newLabOnly("every node has its range of pods in it"),
    "Addresses of pods, a /24 of it for each node",
  ),
  serviceSubnet: key(
    cidr(12, 28),
    "10.96.0.0/12",
    newLabOnly("services keep the addresses they have in it, the API's own first"),
    "Addresses of services",
  ),
  clusterDomain: key(
    domain,
    "cluster.local",
    newLabOnly("pods and kubelets know services by names in it"),
    "Domain of services",
  ),
  apiPort: key(
    port(1),
    6443,
    newLabOnly("every node has the API at that port"),
    "Port of the API on the virtual IP and on every master",
  ),
  featureGates: key(
    gates,
    {},
    machineAfterMachine,
    "Features of Kubernetes switched on or off in all of its programs",
  ),
  apiServer: group({
    extraArguments: extraArguments("kube-apiserver"),
    extraNames: key(
      certifiedNames,
      [],
      inPlace,
      "Names and addresses that the API servers' certificates have beside the lab's own",
    ),
  }),
  controllerManager: group({ extraArguments: extraArguments("kube-controller-manager") }),
  scheduler: group({ extraArguments: extraArguments("kube-scheduler") }),
  kubelet: key(kubeletFields, {}, machineAfterMachine, "Settings of every kubelet"),
  kubeProxy: group({
    mode: key(
      oneOf(["nftables", "iptables", "ipvs"]),
      "nftables",
      machineAfterMachine,
      "By what kube-proxy leads services' addresses to pods",
    ),
  }),
  encryptionAtRest: key(
    onOrOff(),
    true,
    machineAfterMachine,
    "Whether secrets are encrypted in etcd, by a key of the lab's own",
  ),
  audit: group({
    level: key(
      oneOf(["off", "Metadata", "Request", "RequestResponse"]),
      "off",
      machineAfterMachine,
      "What API servers log of each request: who did what; also what was sent; also what was answered",
    ),
    policy: derivedKey(
      auditPolicy,
      "made from level",
      machineAfterMachine,
      "An audit policy of the user's own, in place of level",
    ),
  }),
  podSecurity: key(
    oneOf(["privileged", "baseline", "restricted"]),
    "privileged",
    machineAfterMachine,
    "Pod Security Standard of namespaces that name none by a label; the lab's own are exempt",
  ),
  oidc: group({
    issuer: derivedKey(issuer, "none", machineAfterMachine, "URL of an OpenID Connect provider for the API"),
    clientId: derivedKey(claim, "none", machineAfterMachine, "Whom its tokens have to be for"),
    usernameClaim: key(
      claim,
      "sub",
      machineAfterMachine,
      "What of a token is the user's name, after `oidc:`",
    ),
    groupsClaim: key(claim, "groups", machineAfterMachine, "What of a token is its groups, after `oidc:`"),
    authority: derivedKey(
      authorityCertificate,
      "a public one",
      machineAfterMachine,
      "The authority that the provider's certificate is of",
    ),
  }),
});
