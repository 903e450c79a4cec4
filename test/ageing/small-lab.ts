import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { stopMachines } from "../../hypervisor/machine/lab-power";
import { certificateEnds } from "../../lab/certificate-ends";
import { startLab } from "../../scripts/start/start-lab";
import { LabUnderTest } from "../lab/lab-under-test";
import { encryptionTests } from "./encryption";

const dayMs = 86_400_000;

/** Long enough for the lab to come up and be stopped again on a slow computer. */
const livesForMs = 4 * 60_000;

/**
 * A lab of its own, with three masters and as little as can be beside them: its certificates run out within minutes, where the other
 * tests' live for a year, and it begins with its secrets in clear.
 */
export function smallLabTests(): void {
  let lab: LabUnderTest;

  beforeAll(async () => {
    lab = await LabUnderTest.create("small-test", {
      loadBalancers: { count: 1 },
      masters: { count: 3 },
      workers: { count: 1 },
      gluster: { count: 0 },
      certificates: { leafDays: 1, renewBeforeDays: 0 },
      kubernetes: { encryptionAtRest: false },
    });
  });

  afterAll(async () => {
    await lab?.down();
  });

  test("comes back with its data where all its certificates ran out while it was off, kubelets' own too", async () => {
    await bornEarlier(lab, dayMs - livesForMs);
    await lab.kubectl.run(["create", "configmap", "kept"]);
    const nodes = lab.outputs.machines.filter(({ role }) => role === "master" || role === "worker");
    await Promise.all(nodes.map(({ name }) => lab.on(name, kubeletLetsRunOut)));
    const existing = await lab.existing();
    await stopMachines(existing.vbox, existing.outputs.machines);
    await pause(Math.max(0, endOfLeaves(lab) - Date.now()));
    await startLab(await lab.existing());
    await lab.readOutputs();
    expect(endOfLeaves(lab)).toBeGreaterThan(Date.now() + dayMs / 2);
    expect(await lab.kubectl.run(["get", "configmaps", "--output=name"])).toContain("configmap/kept\n");
    expect(await lab.stack.text(["preview", "--expect-no-changes"])).not.toMatch(/^\s*[-+~]/m);
  });

  encryptionTests(() => lab);
}

/** As if it had been brought up then: its certificates are made by a clock that is late. */
async function bornEarlier(lab: LabUnderTest, earlierMs: number): Promise<void> {
  const { environment } = lab.setUp;
  environment.NODE_OPTIONS = `--require ${JSON.stringify(join(__dirname, "late-clock.cjs"))}`;
  environment.LATE_BY_MS = String(earlierMs);
  await lab.up();
  delete environment.NODE_OPTIONS;
  delete environment.LATE_BY_MS;
  const leftMs = endOfLeaves(lab) - Date.now();
  // The tls plugin of the download site is no Node.js program.
  if (leftMs > livesForMs)
    throw new Error("the tls plugin here has a clock of its own; this needs the one in TypeScript");
}

/** When the last certificate but the authorities' ends. */
function endOfLeaves(lab: LabUnderTest): number {
  const leaves = certificateEnds(lab.outputs.certificates).filter(({ name }) => !name.endsWith("-ca"));
  return leaves[leaves.length - 1]?.end.getTime() ?? 0;
}

/** Each has asked for another meanwhile. One that lay off for longer has one that has run out as well: as this one will. */
const kubeletLetsRunOut = `sudo bash -c '
  set -e
  systemctl stop kubelet.service
  pair=/etc/kubernetes/pki/apiserver-kubelet-client
  [ -e $pair.crt ] || pair=/var/lib/kubelet/pki/kubelet
  cat $pair.crt $pair.key >/var/lib/kubelet/pki/ending.pem
  ln -sf ending.pem /var/lib/kubelet/pki/kubelet-client-current.pem
'`;
