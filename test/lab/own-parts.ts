import { lab } from "./the-lab";

/** Files and commands of a person's own, by cloudInit. */
export function ownPartTests(): void {
  test("every worker has the file that the configuration gives it, and has run its command once", async () => {
    const workers = lab.outputs.machines.filter(({ role }) => role === "worker");
    const told = await Promise.all(
      workers.map(({ name }) => lab.on(name, "cat /etc/own.conf && sudo cat /root/own-command")),
    );
    expect(told).toEqual(workers.map(() => "own\nonce\n"));
    await expect(lab.on("kube-mast01", "cat /etc/own.conf")).rejects.toThrow("No such file");
  });
}
