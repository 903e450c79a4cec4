import { exampleLab, firstOf } from "./example-lab";
import { expectAccepted, testWith } from "./tool";
import { writeMachine } from "./written-machine";

const plan = exampleLab();

describe.each(["master", "worker"] as const)("a %s", (role) => {
  const node = writeMachine(plan, firstOf(plan, role));
  afterAll(node.remove);

  testWith("nft")("hands nothing on to Gluster for its pods, before it runs any", () => {
    node.render('nft() { echo "$*" >>"$KUBE_LAB_ROOT/calls"; }; node_guard');
    expectAccepted("unshare", ["--net", "nft", "--check", "--file", node.at("/etc/kube-lab/gluster.nft")]);
    expect(node.read("/etc/kube-lab/gluster.nft")).toContain(`define gluster = ${plan.subnets.glus.cidr}\n`);
    expect(node.read("/calls")).toMatch(/^--file \/etc\/kube-lab\/gluster.nft\n/);
    expect(node.read(`/usr/local/lib/kube-lab/${role}.sh`)).toMatch(
      /node_guard\n(\s+stop_encryption\n)?\s+put_earlier_back\n\s+node_runtime\n/,
    );
  });
});
