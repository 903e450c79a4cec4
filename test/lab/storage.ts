import { podsReady } from "./health";
import { eventually } from "./lab-under-test";
import { lab } from "./the-lab";
import { podsWithVolume } from "./workload";

/** The Gluster volume, on the nodes themselves and as volumes of pods. */
export function storageTests(): void {
  test("keeps a file written on one Gluster client for another", async () => {
    const volume = `${lab.outputs.machines.find(({ role }) => role === "gluster")?.name}:/lab`;
    const mount = `sudo mkdir -p /mnt/lab && (mountpoint -q /mnt/lab || sudo mount -t glusterfs ${volume} /mnt/lab)`;
    await lab.on("kube-node01", `${mount} && echo written on one | sudo tee /mnt/lab/proof`);
    expect(await lab.on("kube-node02", `${mount} && cat /mnt/lab/proof`)).toBe("written on one\n");
    for (const node of ["kube-node01", "kube-node02"]) await lab.on(node, "sudo umount /mnt/lab");
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
}
