import { labOf, nothingThere, planOf } from "./lab-in-test";
import { known } from "./registered";

test("a lab of one master without Gluster and workers has just these machines", async () => {
  const plan = planOf({ masters: { count: 1 }, workers: { count: 0 }, gluster: { count: 0 } });
  const { resources, resource } = await labOf(plan);
  const machines = resources
    .filter(({ type }) => type === "kube-lab:index:Machine")
    .map(({ parent, name }) => [parent, name]);
  expect(machines).toEqual([
    ["lab-gateway", "lab-gateway-gate-node01"],
    ["lab-load-balancers", "lab-load-balancers-hapx-node01"],
    ["lab-load-balancers", "lab-load-balancers-hapx-node02"],
    ["lab-masters", "lab-masters-kube-mast01"],
  ]);
  expect(resources.filter(({ parent }) => parent === "lab-gluster" || parent === "lab-workers")).toEqual([]);
  expect(resource("lab-pki-kubernetes-ca-certificate").type).toBe("tls:index/selfSignedCert:SelfSignedCert");
});

test("an authority of the user's own is not made, signs, and its key is a secret", async () => {
  const given = {
    certificate: "CERTIFICATE(given)",
    privateKey: "PRIVATE(given)",
    expires: "2031-01-01T00:00:00.000Z",
  };
  const plan = planOf();
  const { resources, resource, outputs } = await labOf(plan, { givenAuthorities: { "etcd-ca": given } });
  expect(resources.filter(({ name }) => name.startsWith("lab-pki-etcd-ca-"))).toEqual([]);
  expect(resource("lab-pki-kube-mast01-etcd-peer-certificate").inputs).toMatchObject({
    caCertPem: given.certificate,
    caPrivateKeyPem: { secret: given.privateKey },
  });
  expect(JSON.stringify(await known(outputs.privateKeys))).not.toContain(given.privateKey);
  expect((await known(outputs.certificatesPem))["etcd-ca"]).toBe(given.certificate);
  expect(await known(outputs.certificates["etcd-ca"] ?? "")).toBe("etcd-ca, until 2031-01-01T00:00:00.000Z");
});

test("a machine that nobody has looked for is a mistake that names it", async () => {
  const observations = nothingThere(planOf());
  observations.delete("gate-node01");
  await expect(labOf(planOf(), { observations })).rejects.toThrow(/gate-node01 was not looked for/);
});
