import { eventually } from "./lab-under-test";
import { lab } from "./the-lab";

/** The loss of the load balancer in charge. */
export function failoverTests(): void {
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
}
