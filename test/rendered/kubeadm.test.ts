import { writeFileSync } from "node:fs";
import { kubeadmOf } from "./bundled-kubeadm";
import { exampleLab, firstOf } from "./example-lab";
import { expectAccepted, testWith } from "./tool";
import { writeMachine } from "./written-machine";

const plan = exampleLab();

const kubeadm = kubeadmOf(plan);

describe.each([["master"], ["worker"]] as const)("kubeadm's documents of a %s", (role) => {
  const written = writeMachine(plan, firstOf(plan, role));
  afterAll(written.remove);
  const documents = written.files.filter(({ path }) => path.includes("kubeadm-")).map(({ path }) => path);

  testWith(kubeadm).each(documents)("kubeadm config validate accepts %s", (path) => {
    // The path to discovery's kubeconfig must be there: it is where this computer has it.
    const here = written.read(path).replace(/(?<=kubeConfigPath: )\S+/, (delivered) => written.at(delivered));
    writeFileSync(written.at(path), here);
    expectAccepted(kubeadm, ["config", "validate", "--config", written.at(path)]);
  });
});

testWith(kubeadm)("kubeadm takes the phases by which a master brings kubeadm's own add-ons along", () => {
  const master = writeMachine(plan, firstOf(plan, "master"));
  writeFileSync(master.at("/admin.conf"), "");
  const here = `
    addons_behind() { true; }
    fail() { :; }
    delivered=/etc/kube-lab/kubeadm-upgrade.yaml
    kubeadm() { "${kubeadm}" "\${@/$delivered/$ROOT$delivered}"; }
    ADMIN=$ROOT/admin.conf`;
  const { words } = master.run("follow_release", here);
  master.remove();
  // Both come as far as the cluster, to which this leads nowhere.
  expect(words.match(/couldn't create a Kubernetes client/g)).toHaveLength(2);
});
