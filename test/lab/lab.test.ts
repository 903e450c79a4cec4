import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { dump, load } from "js-yaml";
import { Kubectl } from "../../scripts/kubectl";
import { KubernetesEvents } from "../../scripts/kubernetes-events";
import { diagnose } from "../../scripts/lab-diagnosis";
import { drill } from "../../scripts/lab-drill";
import { deleteLabSnapshot, restoreLabSnapshot, takeLabSnapshot } from "../../scripts/lab-snapshots";
import { LabWatcher } from "../../scripts/lab-watcher";
import type { Happening } from "../../ui/happening";
import { labView } from "../../ui/view";
import { eventually, LabUnderTest } from "./lab-under-test";
import { dashboardPod, pods, podsWithVolume, toolboxImage } from "./workload";

jest.setTimeout(15 * 60_000);

interface Node {
  metadata: { name: string };
  status: { conditions: { type: string; status: string }[] };
}

let lab: LabUnderTest;

beforeAll(async () => {
  lab = await LabUnderTest.create("lab-test");
  const addons = ["metricsServer", "metalLb", "headlamp"].map((name) => [name, { enabled: true }]);
  await lab.configure({ addons: Object.fromEntries(addons) });
  await lab.up();
});

afterAll(async () => {
  await lab?.close();
});

async function podsReady(selector: string): Promise<void> {
  const wanted = [`--selector=${selector}`, "--for=condition=Ready", "--timeout=120s"];
  await lab.kubectl.run(["wait", "pods", ...wanted], { timeoutMs: 130_000 });
}

async function readyNodes(): Promise<string[]> {
  const { items } = await lab.kubectl.json<{ items: Node[] }>(["get", "nodes"]);
  const ready = items.filter((node) =>
    node.status.conditions.some(({ type, status }) => type === "Ready" && status === "True"),
  );
  return ready.map((node) => node.metadata.name).sort();
}

/** As `npm run status` says; members of clusters need a moment to hear of each other. */
async function eventuallyHealthy(): Promise<void> {
  await eventually("a lab that status calls healthy", 90_000, async () => {
    const ailments = await lab.ailments();
    if (ailments.length > 0) throw new Error(ailments.join("; "));
    return true;
  });
}

/** A line out of each private key, and the passwords. */
function secrets(): string[] {
  const found = Object.values(lab.outputs.privateKeys)
    .flatMap((key) => key.trim().split("\n").slice(1, 2))
    .concat(lab.outputs.statistics.password, lab.outputs.dashboard?.token ?? [])
    .filter((secret) => secret.length >= 16);
  expect(found.length).toBeGreaterThan(30);
  return found;
}

const referenceNodes = [1, 2, 3].flatMap((n) => [`kube-mast0${n}`, `kube-node0${n}`]).sort();

describe("the reference lab", () => {
  test("has six nodes, all Ready, through the forwarded port", async () => {
    expect(await readyNodes()).toEqual(referenceNodes);
    await eventuallyHealthy();
  });

  test("lets pods on different nodes reach each other, and a service by name", async () => {
    await lab.kubectl.run(["apply", "--filename=-"], { stdin: pods(["kube-node01", "kube-node02"]) });
    await podsReady("app=echo");
    const address = (
      await lab.kubectl.run(["get", "pod", "echo-kube-node02", "--output=jsonpath={.status.podIP}"])
    ).trim();
    const fromFirst = (url: string) =>
      lab.kubectl.run(["exec", "echo-kube-node01", "--", "toolbox", "get", url]);
    expect(await fromFirst(`http://${address}:8080/`)).toContain("echo-kube-node02");
    const answers = new Set<string>();
    await eventually("both pods to answer behind the service", 30_000, async () => {
      answers.add((await fromFirst("http://echo.default.svc.cluster.local/")).trim());
      return answers.size === 2 ? true : undefined;
    });
    expect([...answers].join()).toMatch(/echo-kube-node0[12]/);
  });

  test("keeps a file written on one Gluster client for another", async () => {
    const volume = `${lab.outputs.machines.find(({ role }) => role === "gluster")?.name}:/lab`;
    const mount = `sudo mkdir -p /mnt/lab && (mountpoint -q /mnt/lab || sudo mount -t glusterfs ${volume} /mnt/lab)`;
    await lab.on("kube-node01", `${mount} && echo written on one | sudo tee /mnt/lab/proof`);
    expect(await lab.on("kube-node02", `${mount} && cat /mnt/lab/proof`)).toBe("written on one\n");
    for (const node of ["kube-node01", "kube-node02"]) await lab.on(node, "sudo umount /mnt/lab");
  });

  test("gives a service an address that another network reaches, each of many connections", async () => {
    await lab.kubectl.run(["patch", "service", "echo", '--patch={"spec": {"type": "LoadBalancer"}}']);
    const address = await eventually("an address of the service pool", 60_000, async () => {
      const path = "--output=jsonpath={.status.loadBalancer.ingress[0].ip}";
      return (await lab.kubectl.run(["get", "service", "echo", path])).trim() || undefined;
    });
    expect(address).toMatch(/^192\.168\.2\.2\d\d$/);
    await eventually("an answer to the load balancers' network", 30_000, () =>
      lab.on("hapx-node01", `curl --silent --fail --max-time 2 http://${address}/`),
    );
    const many = `curl --silent --fail --max-time 10 --parallel --parallel-max 16 'http://${address}/?[1-100]'`;
    const answers = (await lab.on("hapx-node01", many)).trim().split("\n");
    expect(answers).toHaveLength(100);
    expect([...new Set(answers)].sort()).toEqual(["echo-kube-node01", "echo-kube-node02"]);
  });

  test("tells what its nodes use", async () => {
    const top = await eventually("kubectl top nodes", 90_000, async () => {
      const lines = (await lab.kubectl.run(["top", "nodes", "--no-headers"])).trim().split("\n");
      return lines.length === referenceNodes.length ? lines : undefined;
    });
    expect(top.map((line) => line.split(/\s+/)[0]).sort()).toEqual(referenceNodes);
    for (const line of top) expect(line).toMatch(/\s[1-9]\d*Mi\s/);
  });

  test("has a dashboard behind a port of the host, and lets in who has its token, as an administrator", async () => {
    const { url, token } = lab.outputs.dashboard ?? { url: "", token: "" };
    await lab.kubectl.run(["apply", "--filename=-"], { stdin: dashboardPod("kube-node01") });
    const page = await eventually("the dashboard", 60_000, async () => {
      const answer = await fetch(url, { signal: AbortSignal.timeout(2_000) });
      return answer.ok ? answer.text() : undefined;
    });
    expect(page).toMatch(/in-its-place|Headlamp/);
    await lab.kubectl.run(["delete", "--filename=-"], { stdin: dashboardPod("kube-node01") });

    const { users, ...kubeconfig } = load(lab.outputs.kubeconfig) as { users: { name: string }[] };
    const person = users.map(({ name }) => ({ name, user: { token } }));
    const kubectl = new Kubectl(
      join(lab.setUp.bundle, "bin", "kubectl"),
      dump({ ...kubeconfig, users: person }),
    );
    try {
      expect(await kubectl.run(["auth", "whoami"])).toContain("system:bootstrappers:kube-lab:dashboard");
      expect(await kubectl.run(["auth", "can-i", "*", "*"])).toBe("yes\n");
    } finally {
      kubectl.close();
    }
  });

  test("gives pods on several nodes one volume, which takes writes while a Gluster machine is without power", async () => {
    const [writer = "", reader = ""] = ["kube-node01", "kube-node02"];
    await lab.kubectl.run(["apply", "--filename=-"], { stdin: podsWithVolume([writer, reader]) });
    await podsReady("app=volume");
    const within = (node: string, script: string) =>
      lab.kubectl.run(["exec", `volume-${node}`, "--", "sh", "-c", script], { timeoutMs: 120_000 });
    await within(writer, "echo 0 > /data/lines");
    expect(await within(reader, "cat /data/lines")).toBe("0\n");

    const lines = Array.from({ length: 60 }, (_, i) => String(i + 1));
    const writing = within(writer, `for i in ${lines.join(" ")}; do echo $i >> /data/lines; sleep 0.2; done`);
    const lost = lab.outputs.machines.find(({ name }) => name === "glus-node02")?.hypervisorName ?? "";
    await lab.vboxManage("controlvm", lost, "poweroff");
    await writing;
    expect(await within(reader, "cat /data/lines")).toBe(`${["0", ...lines].join("\n")}\n`);

    await lab.up();
    await eventually("a volume with nothing left to heal", 120_000, async () => {
      const told = await lab.on("glus-node01", "sudo gluster volume heal lab info");
      return [...told.matchAll(/^Number of entries: (.*)$/gm)].map(([, count]) => count).join() === "0,0,0"
        ? true
        : undefined;
    });
    const brick = "sudo sh -c 'cat /srv/brick/lab/claims/*/lines'";
    expect(await lab.on("glus-node02", brick)).toBe(await within(reader, "cat /data/lines"));
    await lab.kubectl.run(["delete", "--filename=-", "--timeout=60s"], {
      stdin: podsWithVolume([writer, reader]),
      timeoutMs: 90_000,
    });
    await eventually("the claim's folder to be gone", 60_000, async () =>
      (await lab.on("glus-node01", "sudo ls /srv/brick/lab/claims")) === "" ? true : undefined,
    );
  });

  test("changes nothing at a second up", async () => {
    expect(await lab.stack.text(["up", "--yes", "--expect-no-changes"])).not.toMatch(/^\s*[-+~]/m);
  });

  test("is on the page with its machines and events, and without its secrets", async () => {
    const told: Happening[] = [];
    const kubectl = join(lab.setUp.bundle, "bin", "kubectl");
    const events = new KubernetesEvents(kubectl, (happening) => told.push(happening));
    const watcher = new LabWatcher(lab.stack);
    try {
      const view = labView(await watcher.look());
      await events.follow(watcher.kubeconfig);
      expect(view.problem).toBeUndefined();
      expect(view.machines.filter(({ health }) => health === "healthy")).toHaveLength(12);
      expect(view.certificates.length).toBeGreaterThan(20);
      await eventually("an event of a node", 30_000, async () =>
        told.find(({ subject }) => subject === "Node kube-mast01"),
      );
      for (const secret of secrets()) expect(JSON.stringify([view, told]).includes(secret)).toBe(false);
    } finally {
      await events.close();
      await watcher.close();
    }
  });

  test("keeps its secrets out of state, processes and logs", async () => {
    const state = filesBelow(join(lab.setUp.project, ".kube-lab", "state")).map((file) =>
      readFileSync(file, "latin1"),
    );
    const processes = execFileSync("ps", ["-e", "-ww", "-o", "args="], { encoding: "latin1" });
    const guests = await Promise.all(
      lab.outputs.machines.map(async ({ name }) =>
        lab.on(
          name,
          "sudo sh -c 'journalctl --no-pager --output=cat; cat /var/log/cloud-init*.log; ps -e -ww -o args='",
        ),
      ),
    );
    for (const text of [...state, processes, ...guests]) {
      expect(text).not.toMatch(/BEGIN [A-Z ]*PRIVATE KEY/);
      for (const secret of secrets()) expect(text.includes(secret)).toBe(false);
    }
  });

  test("answers through the virtual IP after its holder lost power, and gets the holder back", async () => {
    const balancers = lab.outputs.machines.filter(({ role }) => role === "loadBalancer");
    const holders = await Promise.all(
      balancers.map(async ({ name }) => ({
        name,
        holds: (await lab.on(name, "ip -brief address")).includes("192.168.4.20"),
      })),
    );
    const holder = holders.filter(({ holds }) => holds);
    expect(holder).toHaveLength(1);
    const lost = lab.outputs.machines.find(({ name }) => name === holder[0]?.name)?.hypervisorName ?? "";
    await lab.vboxManage("controlvm", lost, "poweroff");
    const start = Date.now();
    await eventually("the API behind the virtual IP", 60_000, () =>
      lab.kubectl.run(["get", "--raw=/readyz", "--request-timeout=2s"]),
    );
    console.log(`virtual IP: API back ${((Date.now() - start) / 1000).toFixed(1)} s after the power cut`);
    expect(await lab.stack.text(["preview", "--diff"])).toContain("stopped");
    await lab.up();
    await eventually("both load balancers in the cluster", 60_000, async () => {
      const status = await lab.on(holder[0]?.name ?? "", "sudo crm_mon --one-shot --output-as=text");
      return /Online: \[ hapx-node01 hapx-node02 \]/.test(status) ? true : undefined;
    });
  });
});

describe("day two", () => {
  const worker = "kube-node01";
  const note = "/var/lib/kube-lab-note";

  test("a diagnosis has every machine's logs and no secret", async () => {
    const secrets = [
      ...Object.values(lab.outputs.privateKeys).flatMap((key) => key.trim().split("\n").slice(1, -1)),
      ...lab.outputs.kubeconfig.matchAll(/client-key-data: (\S+)/g),
    ].flatMap((text) => (typeof text === "string" ? text : (text[1] ?? [])));
    secrets.push(lab.outputs.statistics.password);
    // A careless person's log: what is not looked for cannot be missed.
    const key = lab.outputs.privateKeys["kubernetes-ca"]?.split("\n")[1] ?? "";
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

  test("a drill on the load balancer loses it, measures, and gets it back", async () => {
    const { outcomes } = await drill(await lab.existing(), ["loadBalancer"]);
    console.log(JSON.stringify(outcomes));
    expect(outcomes).toHaveLength(1);
    const { api, storage } = outcomes[0] ?? {};
    expect(api?.failed).toBeGreaterThan(0);
    // The goal of 3 s is the drill's own word; this computer may be busy.
    expect(api?.lossSeconds).toBeLessThan(15);
    expect(storage?.written).toBeGreaterThan(50);
    expect(storage?.failed).toBe(0);
    expect(storage?.found).toBe(storage?.written);
  });

  test("a snapshot brings the whole lab back, from a clean stop and from a power cut", async () => {
    const existing = await lab.existing();
    await lab.on(worker, `echo before | sudo tee ${note}`);
    await lab.kubectl.run(["create", "configmap", "before"]);
    await takeLabSnapshot(existing, "day-two");
    await expect(takeLabSnapshot(existing, "day-two")).rejects.toThrow("There is a snapshot day-two already");
    // Its connections are those of before.
    await lab.shell.close();
    await lab.on(worker, `echo after | sudo tee ${note}`);
    await lab.kubectl.run(["delete", "configmap", "before"]);
    await restoreLabSnapshot(existing, "day-two");
    await lab.shell.close();
    expect(await lab.on(worker, `cat ${note}`)).toBe("before\n");
    await lab.kubectl.run(["get", "configmap", "before"]);
    expect(await lab.stack.text(["preview", "--expect-no-changes"])).not.toMatch(/^\s*[-+~]/m);
    await deleteLabSnapshot(existing, "day-two");
  });
});

describe("a changed lab", () => {
  test("grows by one machine of a role and shrinks again, touching no other machine's hardware", async () => {
    const uuids = async () => (await lab.vboxManage("list", "runningvms")).trim().split("\n").sort();
    const before = await uuids();
    const silence = await lab.longestSilenceDuring(async () => {
      await lab.configure({ workers: { count: 4 }, loadBalancers: { count: 3 }, gluster: { count: 4 } });
      await lab.up();
      expect(await readyNodes()).toEqual([...referenceNodes, "kube-node04"].sort());
      await eventuallyHealthy();
      const grown = await uuids();
      expect(grown).toHaveLength(before.length + 3);
      expect(grown).toEqual(expect.arrayContaining(before));
      await lab.configure({ workers: {}, loadBalancers: {}, gluster: {}, addons: {} });
      await lab.up();
      const left = await lab.kubectl.run(["get", "deployments", "--all-namespaces", "--output=name"]);
      expect(left).not.toMatch(/metrics-server|controller|headlamp/);
      expect(await readyNodes()).toEqual(referenceNodes);
      await eventuallyHealthy();
      expect(await uuids()).toEqual(before);
    });
    console.log(`growing and shrinking: longest time without an answer of the API ${silence.toFixed(1)} s`);
    expect(silence).toBeLessThan(10);
  });

  test("gets other memory and larger disks in place, one machine of a role after the other", async () => {
    const before = await lab.vboxManage("list", "vms");
    await lab.configure({ masters: { memoryMiB: 2304 }, gluster: { brickGiB: 510 } });
    expect(await lab.stack.text(["preview", "--diff"])).not.toMatch(/replace/i);
    const silence = await lab.longestSilenceDuring(async () => void (await lab.up()));
    expect(await lab.vboxManage("list", "vms")).toBe(before);
    for (const { hypervisorName } of lab.outputs.machines.filter(({ role }) => role === "master"))
      expect(await lab.vboxManage("showvminfo", hypervisorName, "--machinereadable")).toContain(
        "memory=2304",
      );
    for (const { name } of lab.outputs.machines.filter(({ role }) => role === "gluster"))
      expect(
        Number(await lab.on(name, "df --output=size -BG /srv/brick | tail -1 | tr -d G")),
      ).toBeGreaterThan(505);
    expect(await readyNodes()).toEqual(referenceNodes);
    await eventuallyHealthy();
    console.log(
      `restarting masters in turn: longest time without an answer of the API ${silence.toFixed(1)} s`,
    );
    expect(silence).toBeLessThan(15);
  });

  test("loses machines for good and goes on without them", async () => {
    for (const name of ["kube-node03", "kube-mast03"]) {
      const lost = lab.outputs.machines.find((machine) => machine.name === name);
      await lab.vboxManage("controlvm", lost?.hypervisorName ?? "", "poweroff");
      await lab.vboxManage("unregistervm", lost?.hypervisorName ?? "", "--delete");
    }
    await lab.configure({ workers: { count: 2 }, masters: { count: 1 } });
    await lab.up();
    expect(await readyNodes()).toEqual(["kube-mast01", "kube-node01", "kube-node02"]);
    await eventuallyHealthy();
    await lab.configure({ workers: {}, masters: {} });
    await lab.up();
    expect(await readyNodes()).toEqual(referenceNodes);
    await eventuallyHealthy();
  });

  test("gets a master back that was removed behind Pulumi's back", async () => {
    const master = lab.outputs.machines.find(({ name }) => name === "kube-mast02");
    await lab.vboxManage("controlvm", master?.hypervisorName ?? "", "poweroff");
    await lab.vboxManage("unregistervm", master?.hypervisorName ?? "", "--delete");
    expect(await lab.stack.text(["preview", "--diff"])).toContain("missing");
    await lab.up();
    expect(await readyNodes()).toEqual(referenceNodes);
    await eventuallyHealthy();
  });
});

describe("a destroyed lab", () => {
  test("leaves nothing behind", async () => {
    const ports = [lab.outputs.access.port];
    await lab.down();
    expect(await lab.vboxManage("list", "vms")).not.toContain("kube-lab-lab-test-");
    expect(execFileSync("ps", ["-e", "-ww", "-o", "args="], { encoding: "utf8" })).not.toContain(
      "kube-lab-lab-test-",
    );
    expect(readFileSync("/proc/self/mountinfo", "utf8")).not.toContain("kube-lab-lab-test-");
    expect(execFileSync("ip", ["netns", "list"], { encoding: "utf8" })).not.toContain("lab-test");
    const listening = execFileSync("ss", ["--listening", "--tcp", "--numeric"], { encoding: "utf8" });
    for (const port of ports) expect(listening).not.toContain(`127.0.0.1:${port} `);
  });
});

test("the toolbox image is the one the bundle carries", () => {
  const manifest = JSON.parse(readFileSync(join(lab.setUp.bundle, "manifest.json"), "utf8")) as unknown;
  expect(JSON.stringify(manifest)).toContain(toolboxImage);
});

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((name) => join(folder, name))
    .filter((file) => statSync(file).isFile());
}
