import { writeAddedForwards } from "../../hypervisor/reality/added-forwards";
import type { AddedForward } from "../../plan/forwards";
import { askForService, readWish, serviceTarget } from "../../scripts/forward/target";
import { eventually } from "./lab-under-test";
import { lab } from "./the-lab";
import { twin } from "./workload";

/** Another when the machine has restarted. */
const startOfSystem = "systemctl show --property=UserspaceTimestampMonotonic";

/** Ports of this computer that lead to services. */
export function forwardTests(): void {
  test("leads ports of this computer to a NodePort and to a load balancer's address, and takes them away", async () => {
    const gateway = lab.outputs.machines.find(({ role }) => role === "gateway")?.name ?? "";
    const started = await lab.on(gateway, startOfSystem);
    await lab.kubectl.run(["apply", "--filename=-"], { stdin: twin() });
    await lab.kubectl.run(["rollout", "status", "deployment/twin", "--timeout=120s"], { timeoutMs: 130_000 });
    await setType("NodePort");
    const byNode = { hostPort: 18091, ...(await targetOf("twin")) };
    expect(byNode).toMatchObject({ target: "kube-node01", about: "default/twin:80" });

    await lab.configure({ hostAccess: { forwards: [`18092:kube-node02:${byNode.port}`] } });
    await forward([byNode]);
    for (const port of [18091, 18092]) await answers(port);
    expect(lab.outputs.forwards).toEqual({
      "127.0.0.1:18091": `default/twin:80, 192.168.2.10:${byNode.port}`,
      "127.0.0.1:18092": `kube-node02:${byNode.port}, 192.168.2.11:${byNode.port}`,
    });
    expect(await lab.ailments()).toEqual([]);

    await setType("LoadBalancer");
    const byAddress = await eventually("an address of the service pool", 60_000, async () => {
      const target = await targetOf("twin");
      return target.port === 80 ? { hostPort: 18091, ...target } : undefined;
    });
    expect(byAddress.target).toMatch(/^192\.168\.2\.2\d\d$/);
    await forward([byAddress]);
    await answers(18091);

    await lab.configure({ hostAccess: { forwards: [] } });
    await forward([]);
    for (const port of [18091, 18092])
      await expect(
        fetch(`http://127.0.0.1:${port}/`, { signal: AbortSignal.timeout(2000) }),
      ).rejects.toThrow();
    expect(lab.outputs.forwards).toBeUndefined();
    expect(await lab.on(gateway, startOfSystem)).toBe(started);
    await lab.kubectl.run(["delete", "deployment,service", "twin"], { timeoutMs: 120_000 });
  });
}

function setType(type: string): Promise<string> {
  return lab.kubectl.run(["patch", "service", "twin", `--patch={"spec": {"type": "${type}"}}`]);
}

async function targetOf(service: string) {
  const wish = readWish([service]);
  if (wish.kind !== "service") throw new Error(`${service} is no service`);
  const { machines } = lab.outputs;
  return serviceTarget(wish, await askForService(wish, machines, lab.shell), machines);
}

/** As `npm run forward` does, whose lab has its configuration in the usual place. */
async function forward(added: AddedForward[]): Promise<void> {
  writeAddedForwards(lab.name, process.cwd(), added);
  await lab.up();
}

async function answers(port: number): Promise<void> {
  await eventually(`an answer on port ${port}`, 60_000, async () => {
    const response = await fetch(`http://127.0.0.1:${port}/`, { signal: AbortSignal.timeout(2000) });
    return (await response.text()).includes("twin") ? true : undefined;
  });
}
