import type { OutputMachine } from "../../../lab/outputs";
import { ownForwardsIn } from "../../../plan/endpoint";
import { freeHostPort, readHostPort, requireHostPort } from "../../../scripts/forward/host-port";
import {
  askForService,
  machineTarget,
  readWish,
  type Service,
  serviceTarget,
} from "../../../scripts/forward/target";
import { exampleLab } from "../../rendered/example-lab";

const plan = exampleLab({ hostAccess: { forwards: ["8088:kube-node01:30081"] } });
const machines: OutputMachine[] = plan.machines;
const web = { kind: "service", namespace: "default", name: "web", port: undefined } as const;
const ports = [{ name: "http", port: 80, nodePort: 31080 }];

describe("what a person asks for", () => {
  test.each([
    [["web"], web],
    [["web", "http"], { ...web, port: "http" }],
    [["shop/web", "80"], { ...web, namespace: "shop", port: "80" }],
    [["kube-mast01:9100"], { kind: "machine", machine: "kube-mast01", port: 9100 }],
  ])("%j", (words, wish) => {
    expect(readWish(words)).toEqual(wish);
  });

  test.each([[[]], [["web", "80", "81"]], [["a/b/c"]], [["kube-node01:99999"]], [["web; reboot"]], [["-x"]]])(
    "is not understood: %j",
    (words) => {
      expect(() => readWish(words)).toThrow(/npm run forward -- SERVICE \[PORT\]/);
    },
  );
});

describe("where it leads", () => {
  const target = (service: Service, wish: Parameters<typeof serviceTarget>[0] = web) =>
    serviceTarget(wish, service, machines);
  const balanced = { loadBalancer: { ingress: [{ ip: "192.168.2.200" }] } };

  test("to a load balancer's own address, else to the NodePort of a worker", () => {
    const about = "default/web:80";
    expect(target({ spec: { type: "LoadBalancer", ports }, status: balanced })).toEqual({
      ...{ target: "192.168.2.200", port: 80, about },
    });
    const byNode = { target: "kube-node01", port: 31080, about };
    expect(target({ spec: { type: "NodePort", ports }, status: { loadBalancer: {} } })).toEqual(byNode);
    expect(target({ spec: { type: "LoadBalancer", ports } })).toEqual(byNode);
  });

  test("nowhere from outside the cluster, with the way to change that", () => {
    const ask = () => target({ spec: { type: "ClusterIP", ports: [{ port: 80 }] } });
    expect(ask).toThrow(/default\/web is of type ClusterIP/);
    expect(ask).toThrow(
      expect.objectContaining({
        remedy: expect.stringMatching(/patch service web .*NodePort.*port-forward/),
      }),
    );
  });

  test("to the one TCP port that is meant", () => {
    const several = {
      spec: {
        type: "NodePort",
        ports: [
          ...ports,
          { name: "dns", port: 53, nodePort: 31053, protocol: "UDP" },
          { port: 81, nodePort: 31081 },
        ],
      },
    };
    expect(target(several, { ...web, port: "81" })).toMatchObject({ port: 31081 });
    expect(target(several, { ...web, port: "http" })).toMatchObject({ port: 31080 });
    expect(() => target(several)).toThrow(/has the TCP ports 80 \(http\), 81\./);
    expect(() => target(several, { ...web, port: "53" })).toThrow(/53 is not one of them/);
  });

  test("to a machine's port, but to none of the gateway's", () => {
    const to = (machine: string) => machineTarget({ kind: "machine", machine, port: 9100 }, machines);
    expect(to("glus-node01")).toEqual({ target: "glus-node01", port: 9100, about: "glus-node01:9100" });
    expect(() => to("gate-node01")).toThrow(/SSH alone/);
    expect(() => to("kube-node99")).toThrow(/No machine of the lab is called kube-node99/);
  });

  test("as the first master tells that answers", async () => {
    const asked: string[] = [];
    const run = async (machine: string) => {
      asked.push(machine);
      if (machine === "kube-mast01") throw new Error("not reached");
      return { status: 0, stdout: JSON.stringify({ spec: { type: "NodePort", ports } }), stderr: "" };
    };
    expect(await askForService(web, machines, { run })).toMatchObject({ spec: { type: "NodePort" } });
    expect(asked).toEqual(["kube-mast01", "kube-mast02"]);
    const nothing = async () => ({ status: 1, stdout: "", stderr: "Error from server (NotFound): services" });
    await expect(askForService(web, machines, { run: nothing })).rejects.toThrow(
      "There is no service web in namespace default.",
    );
  });
});

describe("the port of this computer", () => {
  const planned = plan.machines.flatMap(({ adapters }) =>
    adapters.flatMap((adapter) => (adapter.kind === "nat" ? adapter.forwards : [])),
  );
  const free = async () => undefined;
  const takes = (taken: number) => async (_: string, port: number) =>
    port === taken ? ("taken" as const) : undefined;

  test("is the service's, or 8000 more, or the next that neither the lab nor a program has", async () => {
    expect(ownForwardsIn(plan)).toHaveLength(1);
    const chosen = (port: number, hindrance: typeof free | ReturnType<typeof takes> = free) =>
      freeHostPort(port, "127.0.0.1", planned, hindrance);
    expect(await chosen(80)).toBe(8080);
    expect(await chosen(3000)).toBe(3000);
    expect(await chosen(8080, takes(8080))).toBe(8081);
    expect(await chosen(8088)).toBe(8089);
    expect(await chosen(plan.kubernetes.apiPort)).toBe(plan.kubernetes.apiPort + 1);
  });

  test("that a person wants is refused where it is another's, before anything is touched", async () => {
    const wanted = (port: number, hindrance: typeof free | ReturnType<typeof takes> = free) =>
      requireHostPort(port, "127.0.0.1", planned, hindrance);
    await wanted(8090);
    await expect(wanted(8090, takes(8090))).rejects.toThrow(
      /8090 of 127.0.0.1 is taken; nothing was changed/,
    );
    await expect(wanted(8088)).rejects.toThrow(/the lab's for kube-node01:30081/);
    expect(() => readHostPort("80")).toThrow(/no port that a lab forwards/);
    expect(readHostPort("8088")).toBe(8088);
  });
});
