import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LabUnderTest } from "../lab/lab-under-test";
import { type Upstream, upstreamSuite } from "./upstream";

jest.setTimeout(4 * 60 * 60_000);

/** SCTP is not the lab's; the others are. KUBE_LAB_NETWORK_POLICY_FOCUS: a part of the tests, by a pattern of their names. */
const focus = process.env.KUBE_LAB_NETWORK_POLICY_FOCUS ?? "Netpol";
const modes = (process.env.KUBE_LAB_NETWORK_POLICY_MODES ?? "nftables").split(" ");

let upstream: Upstream;
let lab: LabUnderTest;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "kube-lab-network-policy-"));
  upstream = await upstreamSuite(process.arch === "arm64" ? "arm64" : "amd64");
  lab = await LabUnderTest.create("network-policy-test", {
    ...{ loadBalancers: { count: 1 }, masters: { count: 1 }, workers: { count: 2 }, gluster: { count: 0 } },
    images: [upstream.image],
  });
});

afterAll(async () => {
  await lab?.down();
  rmSync(folder, { recursive: true, force: true });
});

test.each(modes)("holds upstream's own tests, with kube-proxy by %s", async (mode) => {
  await lab.configure({ kubernetes: { kubeProxy: { mode } } });
  await lab.up();
  const [kubeconfig, report] = [join(folder, "kubeconfig"), join(folder, "report.json")];
  writeFileSync(kubeconfig, lab.outputs.kubeconfig, { mode: 0o600 });
  const { status } = spawnSync(
    upstream.program,
    [
      ...["--provider=skeleton", `--kubeconfig=${kubeconfig}`, `--ginkgo.json-report=${report}`],
      ...[`--ginkgo.focus=${focus}`, "--ginkgo.skip=SCTP", "--test.timeout=0", "--ginkgo.timeout=3h"],
    ],
    { stdio: "inherit" },
  );
  const [{ SpecReports: specs }] = JSON.parse(readFileSync(report, "utf8")) as [
    { SpecReports: { LeafNodeText: string; State: string }[] },
  ];
  const of = (state: string) =>
    specs.filter(({ State }) => State === state).map(({ LeafNodeText }) => LeafNodeText);
  expect(of("failed")).toEqual([]);
  expect(status).toBe(0);
  expect(of("passed").length).toBeGreaterThan(0);
});
