import { setTimeout as pause } from "node:timers/promises";
import { eventuallyHealthy } from "./health";
import { eventually } from "./lab-under-test";
import { lab } from "./the-lab";

const secret = "kept-encrypted";

/** What etcd has of secrets, and that they are readable whatever it has. */
export function encryptionTests(): void {
  test("keeps secrets encrypted in etcd, in clear where that is switched off by an update that was killed and repeated, and encrypted again", async () => {
    await lab.kubectl.run(["create", "secret", "generic", secret, "--from-literal=word=hidden"]);
    expect(await inEtcd()).toMatch(/^k8s:enc:secretbox:v1:k/);
    const silence = await lab.longestSilenceDuring(async () => {
      await lab.configure({ kubernetes: { encryptionAtRest: false } });
      await lab.close();
      await lab.killedUp(pause(20_000));
      await lab.readOutputs();
      await everyServerReads();
      await write(false);
      expect(await inEtcd()).toMatch(/^k8s\0/);
      await write(true);
    });
    console.log(
      `secrets in clear and encrypted again: longest time without an answer of the API ${silence.toFixed(1)} s`,
    );
    expect(await inEtcd()).toMatch(/^k8s:enc:secretbox:v1:k/);
    const otherwise = await lab.on(
      "kube-mast01",
      "sudo bash -c 'cd /usr/local/lib/kube-lab && LIBRARY=$PWD && . ./lib.sh && load_role && secrets_otherwise $(encryption_target)'",
    );
    expect(otherwise.trim()).toBe("0");
    await lab.kubectl.run(["delete", "secret", secret]);
    await eventuallyHealthy();
    expect(await lab.stack.text(["preview", "--expect-no-changes"])).not.toMatch(/^\s*[-+~]/m);
  });
}

async function write(encryptionAtRest: boolean): Promise<void> {
  await lab.configure({ kubernetes: encryptionAtRest ? {} : { encryptionAtRest } });
  await lab.up();
  await everyServerReads();
}

/** Each master's own API server, not whichever answers. */
async function everyServerReads(): Promise<void> {
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

/** The beginning of what etcd has of the secret. */
async function inEtcd(): Promise<string> {
  const pki = "/etc/kubernetes/pki/etcd";
  const access = `--cacert ${pki}/ca.crt --cert ${pki}/healthcheck-client.crt --key ${pki}/healthcheck-client.key`;
  return lab.on(
    "kube-mast01",
    `sudo etcdctl ${access} get /registry/secrets/default/${secret} --print-value-only | head -c 60`,
  );
}
