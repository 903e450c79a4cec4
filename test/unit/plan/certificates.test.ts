import { type CertificatePlan, planCertificates } from "../../../plan/certificates";
import { parseConfiguration } from "../../../plan/config/configuration";
import { planLab } from "../../../plan/plan";

const plan = (raw: Record<string, unknown> = {}) => planCertificates(planLab(parseConfiguration(raw), "dev"));

function named(name: string, raw?: Record<string, unknown>): CertificatePlan {
  const found = plan(raw).certificates.find((certificate) => certificate.name === name);
  if (found === undefined) throw new Error(`no certificate ${name}`);
  return found;
}

describe("planCertificates", () => {
  test("has three authorities of ten years", () => {
    expect(plan().authorities).toEqual([
      { name: "kubernetes-ca", commonName: "kubernetes-ca", hours: 87600 },
      { name: "etcd-ca", commonName: "etcd-ca", hours: 87600 },
      { name: "front-proxy-ca", commonName: "kubernetes-front-proxy-ca", hours: 87600 },
    ]);
  });

  // kubernetes.io, "PKI certificates and requirements": path or kubeconfig, authority, CN, O, uses.
  const client = ["digital_signature", "client_auth"];
  const both = ["digital_signature", "server_auth", "client_auth"];
  test.each([
    ["apiserver", "kubernetes-ca", "kube-apiserver", undefined, ["digital_signature", "server_auth"]],
    [
      "apiserver-kubelet-client",
      "kubernetes-ca",
      "kube-apiserver-kubelet-client",
      "kubeadm:cluster-admins",
      client,
    ],
    ["apiserver-etcd-client", "etcd-ca", "kube-apiserver-etcd-client", undefined, client],
    ["front-proxy-client", "front-proxy-ca", "front-proxy-client", undefined, client],
    ["etcd/server", "etcd-ca", "kube-mast02", undefined, both],
    ["etcd/peer", "etcd-ca", "kube-mast02", undefined, both],
    ["etcd/healthcheck-client", "etcd-ca", "kube-etcd-healthcheck-client", undefined, client],
    ["admin.conf", "kubernetes-ca", "kubernetes-admin", "kubeadm:cluster-admins", client],
    ["super-admin.conf", "kubernetes-ca", "kubernetes-super-admin", "system:masters", client],
    ["controller-manager.conf", "kubernetes-ca", "system:kube-controller-manager", undefined, client],
    ["scheduler.conf", "kubernetes-ca", "system:kube-scheduler", undefined, client],
  ])("gives a master %s", (file, authority, commonName, organization, uses) => {
    const found = plan().certificates.filter((c) => c.machines.includes("kube-mast02") && c.file === file);
    expect(found).toEqual([expect.objectContaining({ authority, commonName, uses })]);
    expect(found[0]?.organization).toBe(organization);
  });

  test("gives each master eleven, three of its own and eight that all share, and the person at the host one", () => {
    const { certificates } = plan();
    const held = (name: string) => certificates.filter(({ machines }) => machines.includes(name));
    const masters = ["kube-mast01", "kube-mast02", "kube-mast03"];
    expect(masters.map((name) => held(name).length)).toEqual([11, 11, 11]);
    const shared = certificates.filter(({ machines }) => machines.length > 1);
    expect(shared).toHaveLength(8);
    expect(shared.every(({ machines }) => machines.join() === masters.join())).toBe(true);
    expect(certificates.filter(({ machines }) => machines.length === 0)).toHaveLength(1);
    expect(certificates).toHaveLength(21);
    expect(new Set(certificates.map(({ name }) => name)).size).toBe(21);
  });

  test("shares nothing that a machine serves with", () => {
    const servers = plan().certificates.filter(({ uses }) => uses.includes("server_auth"));
    expect(servers).toHaveLength(12);
    expect(servers.every(({ machines }) => machines.length === 1)).toBe(true);
  });

  test("gives every API server the names and addresses of a person's own, each once, and nobody else", () => {
    const extraNames = [
      "api.example",
      "*.lab.example",
      "203.0.113.7",
      "2001:db8::7",
      "localhost",
      "127.0.0.1",
    ];
    const given = { kubernetes: { apiServer: { extraNames } } };
    for (const name of ["kube-mast01-apiserver", "kube-mast03-apiserver"]) {
      const [before, { dnsNames, ipAddresses }] = [named(name), named(name, given)];
      expect(dnsNames).toEqual([...before.dnsNames, "api.example", "*.lab.example"]);
      expect(ipAddresses).toEqual([...before.ipAddresses, "203.0.113.7", "2001:db8::7"]);
    }
    const others = ({ name }: CertificatePlan) => !name.endsWith("-apiserver");
    expect(plan(given).certificates.filter(others)).toEqual(plan().certificates.filter(others));
  });

  test("names the API server as everybody calls it", () => {
    expect(named("kube-mast01-apiserver")).toMatchObject({
      dnsNames: [
        "kube-mast01",
        "kube-mast01.kube.local",
        "kubernetes",
        "kubernetes.default",
        "kubernetes.default.svc",
        "kubernetes.default.svc.cluster.local",
        "api.kube.local",
        "localhost",
      ],
      ipAddresses: ["192.168.1.10", "192.168.4.20", "10.96.0.1", "127.0.0.1", "::1"],
    });
  });

  test("names the API server after the forwarded port's address, too", () => {
    const address = (hostAddress: string) =>
      named("kube-mast01-apiserver", { hostAccess: { address: hostAddress } }).ipAddresses;
    expect(address("192.168.77.5")).toContain("192.168.77.5");
    expect(address("0.0.0.0")).not.toContain("0.0.0.0");
  });

  test("the API's certificate is good at the gateway's own address on the host-only network or the LAN", () => {
    const addresses = (hostAccess: object) => named("kube-mast01-apiserver", { hostAccess }).ipAddresses;
    expect(addresses({ mode: "hostonly" })).toContain("192.168.56.254");
    const bridged = { address: "192.168.178.50/24" };
    expect(addresses({ mode: "bridged", adapter: "eth0", bridged })).toContain("192.168.178.50");
    const range = { from: "192.168.178.60", to: "192.168.178.90" };
    expect(
      addresses({ mode: "bridged", adapter: "eth0", bridged: { ...bridged, machines: "all", range } }),
    ).toEqual(expect.arrayContaining(["192.168.178.50", "192.168.178.61"]));
  });

  test("names etcd's servers and peers as each other and the machine call them", () => {
    for (const use of ["server", "peer"]) {
      expect(named(`kube-mast03-etcd-${use}`)).toMatchObject({
        dnsNames: ["kube-mast03", "kube-mast03.kube.local", "localhost"],
        ipAddresses: ["192.168.1.12", "127.0.0.1", "::1"],
      });
    }
  });

  test("gives clients no names to serve under", () => {
    const clients = plan().certificates.filter(({ uses }) => !uses.includes("server_auth"));
    expect(clients.every(({ dnsNames, ipAddresses }) => dnsNames.length + ipAddresses.length === 0)).toBe(
      true,
    );
  });

  test("gives every worker, and no master, the certificate by which its kubelet joins as that node", () => {
    const kubelets = plan().certificates.filter(({ file }) => file === "kubelet");
    expect(kubelets.flatMap(({ machines }) => machines)).toEqual([
      "kube-node01",
      "kube-node02",
      "kube-node03",
    ]);
    expect(kubelets[0]).toMatchObject({
      commonName: "system:node:kube-node01",
      organization: "system:nodes",
      uses: ["digital_signature", "server_auth", "client_auth"],
    });
  });

  test("lets every kubelet serve under its machine's names where metrics-server asks", () => {
    const raw = { addons: { metricsServer: { enabled: true } } };
    const kubelets = plan(raw).certificates.filter(({ file }) => file === "kubelet");
    expect(kubelets.flatMap(({ machines }) => machines)).toEqual([
      ...["kube-mast01", "kube-mast02", "kube-mast03"],
      ...["kube-node01", "kube-node02", "kube-node03"],
    ]);
    expect(named("kube-mast02-kubelet", raw)).toMatchObject({
      authority: "kubernetes-ca",
      commonName: "system:node:kube-mast02",
      organization: "system:nodes",
      dnsNames: ["kube-mast02", "kube-mast02.kube.local"],
      ipAddresses: ["192.168.1.11"],
      uses: ["digital_signature", "server_auth"],
    });
  });

  test("has one for every application's name where Traefik is on, for servers only", () => {
    const raw = { domain: "lab.example", addons: { traefik: { enabled: true } } };
    expect(named("applications", raw)).toMatchObject({
      authority: "kubernetes-ca",
      dnsNames: ["*.apps.lab.example"],
      ipAddresses: [],
      uses: ["digital_signature", "server_auth"],
    });
    expect(named("applications", raw).machines).toEqual([]);
    expect(plan().certificates.some(({ name }) => name === "applications")).toBe(false);
  });

  test("lets the person at the host administer, within RBAC", () => {
    expect(named("admin")).toMatchObject({
      file: "admin.conf",
      organization: "kubeadm:cluster-admins",
      uses: client,
    });
    expect(named("admin").machines).toEqual([]);
  });

  test("follows names, domains, subnets and lifetimes", () => {
    const raw = {
      domain: "lab.test",
      names: { master: "cp" },
      kubernetes: { clusterDomain: "k8s.test", serviceSubnet: "10.50.0.0/16" },
      certificates: { authorityYears: 2, leafDays: 30, renewBeforeDays: 5 },
    };
    const apiServer = named("cp01-apiserver", raw);
    expect(apiServer.dnsNames).toEqual(
      expect.arrayContaining(["cp01.lab.test", "api.lab.test", "kubernetes.default.svc.k8s.test"]),
    );
    expect(apiServer.ipAddresses).toContain("10.50.0.1");
    expect(apiServer).toMatchObject({ hours: 720, renewalHours: 120 });
    expect(plan(raw).authorities.map(({ hours }) => hours)).toEqual([17520, 17520, 17520]);
  });

  test("changes no certificate of another master when masters are added", () => {
    const contents = (raw?: Record<string, unknown>) =>
      plan(raw).certificates.map(({ machines, ...content }) => content);
    expect(contents()).toEqual(expect.arrayContaining(contents({ masters: { count: 1 } })));
  });
});
