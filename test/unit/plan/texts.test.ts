import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseConfiguration } from "../../../plan/config/configuration";
import { mermaid } from "../../../plan/diagram";
import { endpointOf } from "../../../plan/endpoint";
import { hostsEntries } from "../../../plan/hosts-entries";
import { planLab } from "../../../plan/plan";
import { knownHosts, sshConfig } from "../../../plan/ssh-config";

const allOnLan = {
  hostAccess: {
    mode: "bridged",
    adapter: "eth0",
    bridged: { machines: "all", address: "10.9.8.7/24", range: { from: "10.9.8.20", to: "10.9.8.40" } },
  },
};

const lab = (raw: Record<string, unknown> = {}) => planLab(parseConfiguration(raw), "dev");

describe("hostsFile", () => {
  test("has every machine and the API, each name once", () => {
    const lines = hostsEntries(lab()).trimEnd().split("\n");
    expect(lines).toHaveLength(13);
    expect(lines).toContain("192.168.2.10 kube-node01.kube.local kube-node01");
    expect(lines).toContain("192.168.4.20 api.kube.local");
    const names = lines.flatMap((line) => line.split(" ").slice(1));
    expect(new Set(names).size).toBe(names.length);
  });
});

test("hostsFile has the LAN's addresses where all machines have one there, and the API at the gateway's", () => {
  const lines = hostsEntries(lab(allOnLan)).trimEnd().split("\n");
  expect(lines).toContain("10.9.8.7 gate-node01.kube.local gate-node01");
  expect(lines).toContain("10.9.8.22 kube-node01.kube.local kube-node01");
  expect(lines).toContain("10.9.8.7 api.kube.local");
  expect(lines.filter((line) => !line.startsWith("10.9.8."))).toEqual([]);
  const byDhcp = { mode: "bridged", adapter: "eth0", bridged: { machines: "all" } };
  expect(hostsEntries(lab({ hostAccess: byDhcp }))).toBe(hostsEntries(lab()));
});

describe("sshConfig", () => {
  const folder = mkdtempSync(join(tmpdir(), "ssh-config-"));
  afterAll(() => rmSync(folder, { recursive: true }));

  /** What OpenSSH itself makes of it for a host. */
  function effective(host: string, raw?: Record<string, unknown>): Record<string, string> {
    const file = join(folder, "config");
    writeFileSync(
      file,
      sshConfig(lab(raw), { identityFile: "/keys of mine/id", knownHostsFile: "/keys of mine/known" }),
    );
    const output = execFileSync("ssh", ["-G", "-F", file, host], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
    return Object.fromEntries(
      output
        .trimEnd()
        .split("\n")
        .map((line) => [line.split(" ", 1)[0], line.slice(line.indexOf(" ") + 1)]),
    );
  }

  test.each(["gate-node01", "gate-node01.kube.local"])(
    "reaches the gateway by the forwarded port: %s",
    (name) => {
      const gateway = effective(name);
      expect(gateway).toMatchObject({ hostname: "127.0.0.1", port: "2222", user: "debian" });
      expect(gateway).not.toHaveProperty("proxyjump");
    },
  );

  test.each(["kube-mast02", "kube-mast02.kube.local"])("reaches another machine through it: %s", (name) => {
    expect(effective(name)).toMatchObject({
      hostname: "192.168.1.11",
      port: "22",
      proxyjump: "gate-node01",
      identityfile: "/keys of mine/id",
      identitiesonly: "yes",
      userknownhostsfile: "/keys of mine/known",
      stricthostkeychecking: "true",
      passwordauthentication: "no",
    });
  });

  test("goes straight to a machine with an address of its own on the LAN", () => {
    const worker = effective("kube-node02", allOnLan);
    expect(worker).toMatchObject({ hostname: "10.9.8.26", port: "22", user: "debian" });
    expect(worker).not.toHaveProperty("proxyjump");
    expect(effective("gate-node01", allOnLan)).toMatchObject({ hostname: "127.0.0.1", port: "2222" });
    expect(knownHosts(lab(allOnLan), { "kube-node02": "ssh-ed25519 AAAA" })).toBe(
      "kube-node02,kube-node02.kube.local,192.168.2.11,10.9.8.26 ssh-ed25519 AAAA\n",
    );
  });

  test("follows user, address and port", () => {
    const raw = { user: "me", hostAccess: { address: "0.0.0.0", sshPort: 2022 } };
    expect(effective("gate-node01", raw)).toMatchObject({ user: "me", hostname: "127.0.0.1", port: "2022" });
    expect(endpointOf(lab(raw), "ssh")).toEqual({ address: "127.0.0.1", port: 2022 });
  });

  test("writes Windows' paths as ssh takes them", () => {
    const text = sshConfig(lab(), { identityFile: "C:\\Users\\A B\\id", knownHostsFile: "/100%/known" });
    expect(text).toContain('IdentityFile "C:/Users/A B/id"');
    expect(text).toContain('UserKnownHostsFile "/100%%/known"');
  });
});

describe("knownHosts", () => {
  test("has each machine under all that it is reached by", () => {
    const text = knownHosts(lab(), {
      "gate-node01": "ssh-ed25519 AAAAgate\n",
      "kube-mast01": "ssh-ed25519 AAAAmast",
    });
    expect(text).toBe(
      "gate-node01,gate-node01.kube.local,192.168.4.254,[127.0.0.1]:2222 ssh-ed25519 AAAAgate\n" +
        "kube-mast01,kube-mast01.kube.local,192.168.1.10 ssh-ed25519 AAAAmast\n",
    );
  });
});

describe("mermaid", () => {
  test("draws every machine once, in its subnet, and the ways in", () => {
    const plan = lab({ hostAccess: { mode: "bridged", adapter: "eth0" } });
    const lines = mermaid(plan)
      .split("\n")
      .map((line) => line.trim());
    expect(lines[0]).toBe("flowchart TB");
    for (const { name, address } of plan.machines) {
      expect(lines.filter((line) => line.includes(`["${name}<br/>${address}`))).toHaveLength(1);
    }
    expect(lines.filter((line) => line.startsWith("subgraph"))).toHaveLength(4);
    expect(lines.filter((line) => line === "end")).toHaveLength(4);
    expect(lines).toContain('host -- "ssh 127.0.0.1:2222" --> gate_node01');
    expect(lines).toContain('host -- "bridged eth0" --> gate_node01');
  });
});
