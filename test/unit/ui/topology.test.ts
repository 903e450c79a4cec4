import type { Check } from "../../../lab/check";
import type { LabPlan } from "../../../plan/lab-plan";
import { healthyChecks, withFailures } from "../../../ui/healthy-checks";
import { picture } from "../../../ui/picture";
import { topology } from "../../../ui/topology";
import { exampleLab } from "../../rendered/example-lab";
import { expectAccepted, testWith } from "../../rendered/tool";

interface Box {
  x: number;
  y: number;
  text: string;
  classes: string;
}

/** The machines' groups: where each is, how it looks, and all its words. */
function machines(svg: string): Map<string, Box> {
  const groups = svg.matchAll(
    /<g class="machine (\w+)" data-machine="([^"]+)" transform="translate\((\S+) (\S+)\)">(.*?)<\/g>(.*?)<\/g>/gs,
  );
  return new Map(
    [...groups].map(([, classes = "", name = "", x, y, before, after]) => [
      name,
      { classes, x: Number(x), y: Number(y), text: `${before}${after}`.replaceAll(/<[^>]+>/g, "|") },
    ]),
  );
}

const drawn = (plan: LabPlan, checks: Check[] = healthyChecks(plan)) => machines(topology(plan, checks));

describe("topology", () => {
  const plan = exampleLab();

  test("draws every machine once, with name, address and size", () => {
    const boxes = drawn(plan);
    expect([...boxes.keys()].sort()).toEqual(plan.machines.map(({ name }) => name).sort());
    for (const { name, address, cpus } of plan.machines) {
      expect(boxes.get(name)?.text).toContain(`|${name}|`);
      expect(boxes.get(name)?.text).toContain(`|${address}|`);
      expect(boxes.get(name)?.text).toContain(`|${cpus} CPU`);
    }
    expect(boxes.get("glus-node01")?.text).toContain("2 CPUs · 2 GiB · 500 GiB disk");
    expect(boxes.get("gate-node01")?.text).toContain("1 CPU · 512 MiB");
  });

  test("has a lane for each network with its subnet, and the ways in with their ports", () => {
    const svg = topology(plan, healthyChecks(plan));
    for (const { cidr, gateway } of Object.values(plan.subnets)) {
      expect(svg).toContain(`>${cidr}<`);
      expect(svg).toContain(`>gateway ${gateway}<`);
    }
    expect(svg).toContain("api 127.0.0.1:18080 → 192.168.4.20:6443");
    expect(svg).toContain("ssh 127.0.0.1:2222 → gateway:22");
    const bridged = topology(exampleLab({ hostAccess: { mode: "bridged", adapter: "eth0" } }), []);
    expect(bridged).toContain(">bridged eth0<");
    const rows = new Set([...drawn(plan).values()].map(({ y }) => y));
    expect(rows.size).toBe(5);
  });

  test("shows health by class, word and symbol, and calls unknown what nobody looked at", () => {
    const checks = withFailures(healthyChecks(plan), [
      { kind: "etcd member", name: "kube-mast02", detail: "not healthy" },
    ]);
    const boxes = drawn(plan, checks);
    expect(boxes.get("kube-mast02")).toMatchObject({ classes: "failing" });
    expect(boxes.get("kube-mast02")?.text).toContain("failing: etcd member");
    expect(boxes.get("kube-mast02")?.text).toContain("BAD etcd member: not healthy");
    expect([...boxes.values()].filter(({ classes }) => classes === "healthy")).toHaveLength(11);
    for (const { classes, text } of drawn(plan, []).values()) {
      expect([classes, text.includes("|unknown|")]).toEqual(["unknown", true]);
    }
    const symbols = (health: string) =>
      /<g class="symbol \w+"[^>]*>(.*?)<\/g>/.exec(
        topology(plan, checks).split(`"machine ${health}"`)[1] ?? "",
      )?.[1];
    expect(symbols("healthy")).toBeDefined();
    expect(symbols("failing")).not.toBe(symbols("healthy"));
    expect(topology(plan, checks)).toContain("12 machines, 11 healthy, 1 failing");
  });

  test("marks the virtual IP's holder alone, and says when nobody holds it", () => {
    const marked = (checks: Check[]) =>
      [...drawn(plan, checks)].filter(([, { text }]) => text.includes("|virtual IP|")).map(([name]) => name);
    expect(marked(healthyChecks(plan))).toEqual(["hapx-node01"]);
    const nobody = healthyChecks(plan).map((check) =>
      check.kind === "virtual IP" ? { ...check, name: "nobody", healthy: false } : check,
    );
    expect(marked(nobody)).toEqual([]);
    expect(topology(plan, nobody)).toContain("has no single holder");
    expect(topology(plan, [])).not.toContain("has no single holder");
  });

  test.each([0, 1, 5, 23, 200])("keeps %i workers apart and inside the picture", (count) => {
    const big = exampleLab({
      workers: { count },
      networks: { node: { cidr: "10.9.0.0/16", firstAddress: "10.9.1.0" } },
    });
    const svg = topology(big, healthyChecks(big));
    const [, width, height] = /viewBox="0 0 (\d+) (\d+)"/.exec(svg)?.map(Number) ?? [];
    const boxes = [...machines(svg).values()];
    expect(boxes).toHaveLength(9 + count);
    expect(new Set(boxes.map(({ x, y }) => `${x},${y}`)).size).toBe(boxes.length);
    for (const { x, y } of boxes) {
      expect(x + 206).toBeLessThan(width ?? 0);
      expect(y + 98).toBeLessThan(height ?? 0);
    }
  });

  test("lets no word of a machine become markup", () => {
    const hostile = withFailures(healthyChecks(plan), [
      { kind: "machine", name: "kube-node01", detail: `</title><script>alert("1")</script>\x1b[31m&` },
    ]);
    const svg = topology(plan, hostile);
    expect(svg).not.toContain("<script");
    expect(svg).not.toContain("\x1b");
    expect(svg).toContain('&lt;script&gt;alert("1")');
  });
});

describe("picture", () => {
  testWith("xmllint")("is well-formed XML", () => {
    expectAccepted("xmllint", ["--noout", "-"], {}, picture(exampleLab(), healthyChecks(exampleLab())));
  });

  test("needs nothing from elsewhere, for light and dark", () => {
    const svg = picture(exampleLab(), healthyChecks(exampleLab()));
    expect(svg).toContain("prefers-color-scheme: dark");
    expect(svg.replaceAll("http://www.w3.org/2000/svg", "")).not.toMatch(/https?:|url\(|@import/);
  });
});
