import { setClocks } from "../../../scripts/start/clocks";

test("each machine gets the host's time, also one that answers only later", async () => {
  const asked: string[] = [];
  let late = 2;
  const run = async (machine: string, command: string) => {
    if (machine === "late" && late-- > 0) throw new Error("late: SSH failed: connect ECONNREFUSED");
    asked.push(`${machine} ${command}`);
    return { status: 0, stdout: "", stderr: "" };
  };
  const before = Math.floor(Date.now() / 1000);
  await setClocks({ run }, [{ name: "early" }, { name: "late" }]);
  expect(asked.map((line) => line.split(" ")[0])).toEqual(["early", "late"]);
  for (const line of asked) {
    const seconds = Number(/--set=@(\d+) && sudo systemctl try-restart chrony\.service$/.exec(line)?.[1]);
    expect(seconds).toBeGreaterThanOrEqual(before);
    expect(seconds).toBeLessThanOrEqual(before + 5);
  }
});
