import { endpointOf } from "../../plan/endpoint";
import { askApplication, httpRoute } from "../../scripts/example/applications";
import { eventuallyHealthy, podsReady, readyNodes, referenceNodes } from "./health";
import { eventually } from "./lab-under-test";
import { lab } from "./the-lab";
import { pods } from "./workload";

/** Nodes, the network of pods and services, and the add-ons that show in them. */
export function clusterTests(): void {
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

  test("sends this computer's requests to an application by its name, and by a certificate of the lab's", async () => {
    const host = "echo.apps.kube.local";
    await lab.kubectl.run(["apply", "--filename=-"], { stdin: JSON.stringify(httpRoute("echo", host)) });
    const { plan, outputs } = await lab.existing();
    const [http, https] = [endpointOf(plan, "http"), endpointOf(plan, "https")];
    const authority = outputs.certificates["kubernetes-ca"] ?? "";
    const answers = new Set<string>();
    await eventually("both pods to answer behind the gateway", 60_000, async () => {
      const { status, body } = await askApplication(http, { host });
      if (status === 200) answers.add(body.trim());
      return answers.size === 2 ? true : undefined;
    });
    expect([...answers].sort()).toEqual(["echo-kube-node01", "echo-kube-node02"]);
    expect(await askApplication(https, { host, authority })).toMatchObject({ status: 200 });

    const other = "other.apps.kube.local";
    expect(await askApplication(http, { host: other })).toMatchObject({ status: 404 });
    expect(await askApplication(https, { host: other, authority })).toMatchObject({ status: 404 });
    const foreign = outputs.certificates["etcd-ca"] ?? "";
    await expect(askApplication(https, { host, authority: foreign })).rejects.toThrow(/certificate/);
    await expect(askApplication(https, { host: "echo.kube.local", authority })).rejects.toThrow(
      /certificate/,
    );
    await lab.kubectl.run(["delete", "httproute", "echo"]);
  });

  test("tells what its nodes use", async () => {
    const top = await eventually("kubectl top nodes", 90_000, async () => {
      const lines = (await lab.kubectl.run(["top", "nodes", "--no-headers"])).trim().split("\n");
      return lines.length === referenceNodes.length ? lines : undefined;
    });
    expect(top.map((line) => line.split(/\s+/)[0]).sort()).toEqual(referenceNodes);
    for (const line of top) expect(line).toMatch(/\s[1-9]\d*Mi\s/);
  });
}
