import { setTimeout as pause } from "node:timers/promises";
import { eventuallyHealthy } from "../lab/health";
import { inEtcd } from "../lab/in-etcd";
import { eventually, type LabUnderTest } from "../lab/lab-under-test";

const secret = "kept-encrypted";

/**
 * Secrets that a lab has had in clear are encrypted, and readable all the time.
 * @param labOf a lab with three masters that has its secrets in clear
 */
export function encryptionTests(labOf: () => LabUnderTest): void {
  test("encrypts the secrets that are there, also after an update that was killed, and every master reads them", async () => {
    const lab = labOf();
    await lab.kubectl.run(["create", "secret", "generic", secret, "--from-literal=word=hidden"]);
    expect(await inEtcd(lab, secret)).toMatch(/^k8s\0/);
    const silence = await lab.longestSilenceDuring(async () => {
      await lab.configure({ kubernetes: {} });
      await lab.close();
      await lab.killedUp(pause(20_000));
      await lab.readOutputs();
      await everyServerReads(lab);
      await lab.up();
      await everyServerReads(lab);
    });
    console.log(`secrets encrypted: longest time without an answer of the API ${silence.toFixed(1)} s`);
    expect(await inEtcd(lab, secret)).toMatch(/^k8s:enc:secretbox:v1:k/);
    const otherwise = await lab.on(
      "kube-mast01",
      "sudo bash -c 'cd /usr/local/lib/kube-lab && LIBRARY=$PWD && . ./lib.sh && load_role && secrets_otherwise $(encryption_target)'",
    );
    expect(otherwise.trim()).toBe("0");
    await lab.kubectl.run(["delete", "secret", secret]);
    await eventuallyHealthy(lab);
    expect(await lab.stack.text(["preview", "--expect-no-changes"])).not.toMatch(/^\s*[-+~]/m);
  });
}

/** Each master's own API server, not whichever answers. */
async function everyServerReads(lab: LabUnderTest): Promise<void> {
  for (const { name } of lab.outputs.machines.filter(({ role }) => role === "master"))
    await eventually(`${name} to read the secret`, 60_000, async () => {
      const kubectl = `sudo kubectl --kubeconfig /etc/kubernetes/admin.conf --server https://$(hostname -i):6443`;
      const word = await lab.on(
        name,
        `${kubectl} get secret ${secret} --output 'jsonpath={.data.word}' | base64 -d`,
      );
      return word === "hidden" ? true : undefined;
    });
}
