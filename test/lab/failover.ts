import { eventually } from "./lab-under-test";
import { lab } from "./the-lab";

const virtualIp = "192.168.4.20";
const agent = "/usr/lib/ocf/resource.d/heartbeat/IPaddr2";

/** The loss of the load balancer in charge, and of pacemaker's hold on the virtual IP. */
export function failoverTests(): void {
  test("answers through the virtual IP after its holder lost power, and gets the holder back", async () => {
    const holder = await theHolder();
    const lost = lab.outputs.machines.find(({ name }) => name === holder)?.hypervisorName ?? "";
    await lab.vboxManage("controlvm", lost, "poweroff");
    const start = Date.now();
    await apiAnswers();
    console.log(`virtual IP: API back ${((Date.now() - start) / 1000).toFixed(1)} s after the power cut`);
    expect(await lab.stack.text(["preview", "--diff"])).toContain("stopped");
    await lab.up();
    await eventually("both load balancers in the cluster", 60_000, async () => {
      const status = await lab.on(holder, "sudo crm_mon --one-shot --output-as=text");
      return /Online: \[ hapx-node01 hapx-node02 \]/.test(status) ? true : undefined;
    });
  });

  test("comes back by itself where pacemaker could not even stop the virtual IP", async () => {
    const holder = await theHolder();
    await lab.on(holder, `sudo chmod -x ${agent}`);
    try {
      await eventually("a stop that fails", 60_000, async () => {
        const said = await lab.on(holder, "sudo journalctl -u pacemaker -n 40 -o cat");
        return said.includes("Result of stop operation for virtual-ip on") || undefined;
      });
    } finally {
      await lab.on(holder, `sudo chmod +x ${agent}`);
    }
    await eventually("pacemaker to watch the virtual IP again", 60_000, async () => {
      const status = await lab.on(holder, "sudo crm_mon --one-shot --operations");
      return /virtual-ip: migration[^:]*:(?:\n +\* \(\d+\) (?:probe|start).*)*\n +\* \(\d+\) monitor/.test(
        status,
      )
        ? true
        : undefined;
    });
    const device = `$(ip -o address show to ${virtualIp} | cut -d ' ' -f 2)`;
    await lab.on(await theHolder(), `sudo ip address del ${virtualIp}/24 dev ${device}`);
    await apiAnswers();
  });
}

async function theHolder(): Promise<string> {
  const balancers = lab.outputs.machines.filter(({ role }) => role === "loadBalancer");
  const addresses = await Promise.all(balancers.map(({ name }) => lab.on(name, "ip -brief address")));
  const holders = balancers.filter((_, i) => addresses[i]?.includes(virtualIp));
  expect(holders).toHaveLength(1);
  return holders[0]?.name ?? "";
}

function apiAnswers(): Promise<unknown> {
  return eventually("the API behind the virtual IP", 60_000, () =>
    lab.kubectl.run(["get", "--raw=/readyz", "--request-timeout=2s"]),
  );
}
