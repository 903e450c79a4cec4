import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { observeStates } from "../../hypervisor/reality/reality";
import { diagnose } from "../../scripts/diagnose/diagnose";
import { redactor, secretTexts } from "../../scripts/diagnose/redaction";
import { drill } from "../../scripts/drill/drill";
import type { LogEntry } from "../../scripts/logs/entry";
import { labLogs } from "../../scripts/logs/lab-logs";
import { questionOf } from "../../scripts/logs/question";
import { entryRedactor } from "../../scripts/logs/redaction";
import { eventually } from "./lab-under-test";
import { lab } from "./the-lab";
import { toolboxImage } from "./workload";

/** Diagnosis, logs and drill: what is done with a lab without another configuration. */
export function dayTwoTests(): void {
  const worker = "kube-node01";

  test("a diagnosis has every machine's logs and no secret", async () => {
    const secrets = [
      ...Object.values(lab.outputs.privateKeys).flatMap((key) => key.trim().split("\n").slice(1, -1)),
      ...lab.outputs.kubeconfig.matchAll(/client-key-data: (\S+)/g),
    ].flatMap((text) => (typeof text === "string" ? text : (text[1] ?? [])));
    secrets.push(lab.outputs.statistics.password);
    // A careless person's log: what is not looked for cannot be missed.
    const key = (await lab.on("kube-mast01", "sudo sed -n 2p /etc/kubernetes/pki/ca.key")).trim();
    secrets.push(key);
    await lab.on(worker, `logger "careless-$((6 * 7)) ${key}"`);
    const archive = join(lab.setUp.project, ".kube-lab", "test", "diagnosis.tar.gz");
    const { unreachable } = await diagnose(await lab.existing(), archive, "diagnosis");
    expect(unreachable).toEqual([]);
    const list = execFileSync("tar", ["--list", "--gzip", "--file", archive], { encoding: "utf8" });
    for (const { name } of lab.outputs.machines) expect(list).toContain(`diagnosis/${name}/journal.txt\n`);
    for (const file of ["kube-mast01/etcd.txt", "hapx-node01/pacemaker.txt", "glus-node01/gluster.txt"])
      expect(list).toContain(`diagnosis/${file}\n`);
    const text = execFileSync("tar", ["--extract", "--gzip", "--to-stdout", "--file", archive], {
      encoding: "latin1",
      maxBuffer: 2 ** 30,
    });
    expect(text).toContain("careless-42 [redacted]");
    expect(text).toMatch(/Ready +control-plane/);
    expect(secrets.filter((secret) => secret.length >= 16 && text.includes(secret))).toEqual([]);
  });

  test("logs of all machines come in one stream, in order of time and without secrets", async () => {
    const mark = `seen-${Date.now()}`;
    const key = (await lab.on("kube-mast01", "sudo sed -n 2p /etc/kubernetes/pki/ca.key")).trim();
    const unit = "sudo systemd-run --quiet --wait --unit=lab-marker";
    await lab.on("hapx-node01", `${unit} echo ${mark} first`);
    const pod = ["run", "marker", `--image=${toolboxImage}:1`, "--restart=Never", "--command", "--"];
    await lab.kubectl.run([...pod, "echo", mark, "pod"]);
    await eventually("the pod's end", 60_000, async () => {
      const phase = await lab.kubectl.run(["get", "pod", "marker", "--output=jsonpath={.status.phase}"]);
      return phase === "Succeeded" ? true : undefined;
    });
    await lab.on("glus-node01", `${unit} echo ${mark} last ${key}`);
    // What a journal has just been given it may not have written yet.
    const found = await eventually("three lines of three machines", 60_000, async () => {
      const lines = await marked(mark);
      return lines.length === 3 ? lines : undefined;
    });
    expect(found).toEqual([
      expect.objectContaining({ machine: "hapx-node01", unit: "lab-marker", message: `${mark} first` }),
      expect.objectContaining({ pod: "default/marker", message: `${mark} pod` }),
      expect.objectContaining({
        machine: "glus-node01",
        unit: "lab-marker",
        message: `${mark} last [redacted]`,
      }),
    ]);
    await lab.kubectl.run(["delete", "pod", "marker"]);
  });

  test("a drill on the load balancer loses it, measures, and gets it back", async () => {
    const { outcomes } = await drill(await lab.existing(), ["loadBalancer"]);
    console.log(JSON.stringify(outcomes));
    expect(outcomes).toHaveLength(1);
    const { api, storage } = outcomes[0] ?? {};
    expect(api?.failed).toBeGreaterThan(0);
    // The goal of 3 s is the drill's own word; this computer may be busy.
    expect(api?.lossSeconds).toBeLessThan(30);
    expect(storage?.written).toBeGreaterThan(50);
    expect(storage?.failed).toBe(0);
    expect(storage?.found).toBe(storage?.written);
  });
}

/** What begins with a mark in the logs of the last ten minutes, as `npm run logs -- --all` has it. */
async function marked(mark: string): Promise<LogEntry[]> {
  const { outputs, shell } = lab;
  const { vbox, stack } = await lab.existing();
  const redact = entryRedactor(redactor(secretTexts(outputs, await stack.stateInClear())));
  const said: string[] = [];
  const look = {
    ...{ machines: outputs.machines, states: await observeStates(vbox, outputs.machines), shell },
    ...{ say: (sentence: string) => void said.push(sentence), ending: new AbortController().signal },
  };
  const question = questionOf({ all: true }, [], Date.now());
  const found: LogEntry[] = [];
  for await (const entry of labLogs(look, question)) {
    const { message, ...rest } = redact(entry);
    if (message.startsWith(mark)) found.push({ ...rest, message });
  }
  expect(said).toEqual([]);
  return found;
}
