import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { LabOutputs } from "../../lab/outputs";
import type { LabShell } from "../../lab/shell";
import type { SetUp } from "../../scripts/set-up/set-up";
import { seconds } from "./time";

const execute = promisify(execFile);
const stepTimeoutMs = 10 * 60_000;

/** The next boot is a first one again: cloud-init has a seed, and a new instance to make. */
const toFirstBoot = `set -e
seed=/var/lib/cloud/seed/nocloud
! mountpoint -q $seed || umount $seed
mkdir -p $seed
cp /var/lib/cloud/instance/user-data.txt $seed/user-data
cp /var/lib/cloud/instance/network-config.json $seed/network-config
printf 'instance-id: by-hand\nlocal-hostname: %s\n' "$(hostname)" > $seed/meta-data
cloud-init clean
rm -f /etc/cloud/cloud-init.disabled
sync`;

/** A cluster's machine as it was before kubeadm: its own files and certificates stay, and nothing starts by itself. */
const toBareMachine = `set -e
systemctl disable --now kube-lab.service
cp -a /etc/kubernetes/pki /var/lib/kube-lab/pki || true
kubeadm reset --force >/dev/null 2>&1
rm -rf /etc/kubernetes/pki /etc/cni/net.d /run/flannel /var/lib/etcd/member /var/lib/kubelet/pki
if [ -d /var/lib/kube-lab/pki ]; then mv /var/lib/kube-lab/pki /etc/kubernetes/pki; fi
sed -i /kube-lab.service/d /var/lib/cloud/seed/nocloud/user-data
sync`;

const init = `set -e
cloud-init status --wait > /dev/null || true
systemctl start containerd
sed 's,/etc/kube-lab/patches-init,/etc/kube-lab/patches-join,' /etc/kube-lab/kubeadm-init.yaml > /run/kubeadm.yaml
kubeadm init --config /run/kubeadm.yaml
for addons in /etc/kube-lab/addons-*.yaml; do
  kubectl --kubeconfig /etc/kubernetes/super-admin.conf apply --server-side --force-conflicts -f "$addons"
done`;

const join = `set -e
cloud-init status --wait > /dev/null || true
systemctl start containerd
kubeadm join --config /etc/kube-lab/kubeadm-join.yaml`;

/**
 * The usual way on the same machines: all are started for the first time, the first master runs `kubeadm init`, the other
 * masters join one after the other, the workers meanwhile. It has advantages over `up`: machines are cloned and their certificates made.
 * @returns seconds from the start of the machines until every node is Ready
 */
export async function startByHand(outputs: LabOutputs, shell: LabShell, setUp: SetUp): Promise<number> {
  const masters = namesOf(outputs, "master");
  const workers = namesOf(outputs, "worker");
  await Promise.all(outputs.machines.map(({ name }) => asRoot(shell, name, toFirstBoot)));
  await Promise.all([...masters, ...workers].map((name) => asRoot(shell, name, toBareMachine)));
  await shell.close();
  await Promise.all(
    outputs.machines.map((machine) => vboxManage(setUp, "controlvm", machine.hypervisorName, "poweroff")),
  );
  return seconds(async () => {
    await Promise.all(
      outputs.machines.map((machine) =>
        vboxManage(setUp, "startvm", machine.hypervisorName, "--type", "headless"),
      ),
    );
    const [first = "", ...others] = masters;
    await reachable(shell, first);
    await asRoot(shell, first, init);
    await Promise.all([
      ...workers.map((name) => asRoot(shell, name, join)),
      others.reduce((before, name) => before.then(() => asRoot(shell, name, join)), Promise.resolve()),
    ]);
    const wait = `kubectl --kubeconfig /etc/kubernetes/super-admin.conf wait nodes --all --for=condition=Ready --timeout=300s`;
    await asRoot(shell, first, wait);
  });
}

function namesOf({ machines }: LabOutputs, role: string): string[] {
  return machines.filter((machine) => machine.role === role).map(({ name }) => name);
}

function vboxManage({ vboxManage: program }: SetUp, ...words: string[]) {
  return execute(program, words);
}

async function asRoot(shell: LabShell, machine: string, script: string): Promise<void> {
  const result = await shell.run(machine, "sudo bash -s", { stdin: script, timeoutMs: stepTimeoutMs });
  if (result.status !== 0) throw new Error(`${machine}: ${result.stdout}${result.stderr}`);
}

async function reachable(shell: LabShell, machine: string): Promise<void> {
  const end = Date.now() + 120_000;
  for (;;) {
    try {
      await shell.run(machine, "true");
      return;
    } catch (error) {
      if (Date.now() > end) throw error;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}
