import { apiFigures, missedGoals, type Sample } from "../../../lab/drill-figures";
import { etcdLeader } from "../../../scripts/drill/etcd-leader";
import { chooseVictims } from "../../../scripts/drill/victims";
import { referencePlan } from "../hypervisor/fixtures";

/** One request every 100 ms: `.` succeeds, `x` fails. */
const samples = (text: string): Sample[] =>
  [...text].map((mark, index) => ({
    sentAt: 1_000_000 + index * 100,
    milliseconds: 20,
    succeeded: mark === ".",
  }));

describe("the API's loss", () => {
  test.each([
    ["", 0, 0],
    ["....", 0, 0],
    ["..x..", 0.1, 1],
    ["..xxxxx..", 0.5, 5],
    // Every third goes to a master that is gone: it is lost as long as that lasts.
    ["..x..x..x....", 0.7, 3],
    // Two losses are no long one.
    [`.xx.${".".repeat(30)}.x.x.`, 0.3, 4],
  ])("%s is %f s", (text, lossSeconds, failed) => {
    expect(apiFigures(samples(text))).toMatchObject({ lossSeconds, failed, requests: text.length });
  });

  test("counts from when a request was sent, in whatever order the answers came", () => {
    expect(apiFigures(samples("..xxxxx..").reverse()).lossSeconds).toBe(0.5);
  });
});

describe("goals", () => {
  const api = { lossSeconds: 2.9, failed: 29, requests: 100, slowestSeconds: 1 };
  const storage = { written: 100, failed: 0, longestSeconds: 42, lastError: "", found: 100 };

  test("are reached by a short loss of the API and a slow write", () =>
    expect(missedGoals(3, api, storage)).toEqual([]));
  test("are missed by a longer loss", () =>
    expect(missedGoals(3, { ...api, lossSeconds: 3.1 }, undefined)).toEqual([
      "the API was lost for 3.1 s, the goal is 3 s",
    ]));
  test("are missed by a failed write, and by a line that is gone", () =>
    expect(missedGoals(undefined, api, { ...storage, failed: 1, lastError: "EIO", found: 98 })).toEqual([
      "1 writes failed: EIO",
      "2 written lines are gone",
    ]));
  test("where there is none the API may be lost for long", () =>
    expect(missedGoals(undefined, { ...api, lossSeconds: 99 }, storage)).toEqual([]));
});

describe("victims", () => {
  const holders = { virtualIp: "hapx-node01", etcdLeader: "kube-mast02" };

  test("are who matters most, and never the worker that writes", () => {
    const { victims, skipped } = chooseVictims(referencePlan().machines, holders);
    expect(victims.map(({ machine, because, goalSeconds }) => [machine.name, because, goalSeconds])).toEqual([
      ["hapx-node01", "holds the virtual IP", 3],
      ["kube-mast02", "leads etcd", 5],
      ["kube-node03", "the last of its role", undefined],
      ["glus-node03", "the last of its role", undefined],
    ]);
    expect(skipped).toEqual([]);
  });

  test("a role that cannot do without a machine is left alone, with the reason", () => {
    const small = {
      masters: { count: 1 },
      loadBalancers: { count: 1 },
      workers: { count: 1 },
      gluster: { count: 0 },
    };
    const { victims, skipped } = chooseVictims(referencePlan(small).machines, holders);
    expect(victims).toEqual([]);
    expect(skipped).toHaveLength(4);
    expect(skipped[1]).toBe("master: the lab has 1, with fewer than 3 nothing takes over");
  });
});

test("etcd's leader is the member whose id all name", async () => {
  const machines = [1, 2].map((n) => ({
    name: `kube-mast0${n}`,
    role: "master" as const,
    address: `192.168.1.1${n}`,
    hypervisorName: "",
  }));
  const member = (n: number) => ({
    Endpoint: `https://192.168.1.1${n}:2379`,
    Status: { header: { member_id: n }, leader: 2 },
  });
  const run = async () => ({ status: 0, stdout: JSON.stringify([member(1), member(2)]), stderr: "" });
  expect(await etcdLeader({ run }, machines)).toBe("kube-mast02");
});
