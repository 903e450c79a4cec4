/** Settings of Kubernetes' programs that the lab makes itself: the reason, and the key of the configuration to set instead. */
export interface Reserved {
  /** One clause. */
  reason: string;
  /** `kubernetes.serviceSubnet`; absent where there is none. */
  instead?: string;
  /** A value that is likely meant there; its default where it is left out. */
  example?: string;
}

type ReservedNames = readonly [names: RegExp, Reserved][];

const follows = (instead: string, example?: string): Reserved => ({
  reason: `it follows from ${instead}`,
  instead,
  ...(example === undefined ? {} : { example }),
});
const of = (what: string): Reserved => ({ reason: `the lab gives the program ${what}` });

const gates: ReservedNames = [[/^feature-gates$/, follows("kubernetes.featureGates")]];

/** Without which there is no cluster, by flag. What kubeadm writes into the manifests besides may be overridden. */
const reservedFlags: Record<string, ReservedNames> = {
  apiServer: [
    ...gates,
    [/^service-cluster-ip-range$/, follows("kubernetes.serviceSubnet")],
    [/^(secure-port|bind-address)$/, follows("kubernetes.apiPort")],
    [/^advertise-address$/, of("each master's own address")],
    [/^etcd-(servers|cafile|certfile|keyfile|prefix)$/, of("its etcd")],
    [
      /^(tls-(cert-file|private-key-file)|cert-dir|client-ca-file|kubelet-(certificate-authority|client-.*))$/,
      of("its certificates"),
    ],
    [/^(requestheader|proxy-client)-.*$/, of("its certificates")],
    [/^service-account-(issuer|key-file|signing-key-file)$/, of("its keys for accounts of pods")],
    [/^(authorization-mode|authorization-config)$/, of("Node and RBAC, by which the lab has its rights")],
    [/^audit-(policy-file|log-.*)$/, follows("kubernetes.audit.level", "Metadata")],
    [/^admission-control-config-file$/, follows("kubernetes.podSecurity", "baseline")],
    [/^oidc-(issuer-url|client-id|ca-file|(username|groups)-.*)$/, follows("kubernetes.oidc.issuer", "URL")],
    [/^anonymous-auth$/, of("the right to be asked whether it is ready")],
    [/^encryption-provider-config.*$/, follows("kubernetes.encryptionAtRest")],
  ],
  controllerManager: [
    ...gates,
    [/^service-cluster-ip-range$/, follows("kubernetes.serviceSubnet")],
    [/^(cluster-cidr|allocate-node-cidrs|node-cidr-mask-size.*)$/, follows("kubernetes.podSubnet")],
    [/^cluster-signing-duration$/, follows("certificates.leafDays")],
    [/^cluster-name$/, of("its cluster's name")],
    [
      /^(kubeconfig|authentication-kubeconfig|authorization-kubeconfig|master|leader-elect)$/,
      of("its way to the API"),
    ],
    [
      /^(root-ca-file|client-ca-file|cluster-signing-.*|service-account-private-key-file|use-service-account-credentials|requestheader-.*)$/,
      of("its certificates"),
    ],
    [/^(bind-address|secure-port)$/, of("the address where it is asked whether it is well")],
  ],
  scheduler: [
    ...gates,
    [
      /^(kubeconfig|authentication-kubeconfig|authorization-kubeconfig|master|leader-elect)$/,
      of("its way to the API"),
    ],
    [/^(bind-address|secure-port)$/, of("the address where it is asked whether it is well")],
  ],
};

const reservedFields: ReservedNames = [
  [/^featureGates$/, follows("kubernetes.featureGates")],
  [/^clusterDomain$/, follows("kubernetes.clusterDomain")],
  [/^clusterDNS$/, follows("kubernetes.serviceSubnet")],
  [/^(apiVersion|kind)$/, of("the form of its file")],
  [
    /^(authentication|authorization|rotateCertificates|tlsCertFile|tlsPrivateKeyFile)$/,
    of("its certificates and rights"),
  ],
  [
    /^(containerRuntimeEndpoint|imageServiceEndpoint|cgroupDriver|failCgroupV1|cgroupRoot|resolvConf|staticPodPath|enableServer|address|port)$/,
    of("what fits the machine"),
  ],
  [
    /^(healthzPort|healthzBindAddress)$/,
    { reason: "kubeadm asks the kubelet at its usual port whether it is well" },
  ],
  [
    /^(imageGC.*|imageMaximumGCAge|imageMinimumGCAge)$/,
    { reason: "images came with the machine, and one that is removed may not be had again" },
  ],
];

/** @param program its key below `kubernetes`: `apiServer` */
export function reservedFlag(program: string, flag: string): Reserved | undefined {
  return find(reservedFlags[program] ?? [], flag);
}

export function reservedKubeletField(field: string): Reserved | undefined {
  return find(reservedFields, field);
}

function find(reserved: ReservedNames, name: string): Reserved | undefined {
  return reserved.find(([names]) => names.test(name))?.[1];
}
