import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { load, YAML11_SCHEMA } from "js-yaml";
import { delivery } from "../../../cloud-init/delivery";
import { guestFiles } from "../../../cloud-init/guest-files";
import { metaData } from "../../../cloud-init/meta-data";
import { networkConfig } from "../../../cloud-init/network-config";
import { stableUuid } from "../../../cloud-init/stable-uuid";
import { userData } from "../../../cloud-init/user-data";
import { exampleCredentials } from "../../rendered/example-credentials";
import { exampleLab, firstOf } from "../../rendered/example-lab";
import { onLinux } from "../../systems";

const plan = exampleLab();

/** What cloud-init's own reader, PyYAML (YAML 1.1), sees. */
function read<T>(text: string): T {
  return load(text, { schema: YAML11_SCHEMA }) as T;
}

describe("user-data", () => {
  const master = firstOf(plan, "master");
  const credentials = exampleCredentials(plan, master);
  const files = guestFiles(plan, master, credentials);
  const text = userData(plan, master, delivery(files), credentials);
  const config = read<{
    write_files: { path: string; permissions: string; encoding: string; content: string }[];
    users: { lock_passwd: boolean; ssh_authorized_keys: string[] }[];
    runcmd: string[][];
  }>(text);

  onLinux("is a #cloud-config that carries every file to the letter", () => {
    expect(text.split("\n", 1)).toEqual(["#cloud-config"]);
    const [archive, ...others] = config.write_files;
    expect(others).toEqual([]);
    expect(archive).toMatchObject({ permissions: "0600", encoding: "b64" });
    const [unpack = [], remove] = config.runcmd;
    expect(unpack).toContain(archive?.path);
    expect(remove).toEqual(["rm", archive?.path]);
    // as a machine does it, but into a folder
    const folder = mkdtempSync(join(tmpdir(), "kube-lab-delivery-"));
    try {
      const here = unpack.map((word) => ({ [archive?.path ?? ""]: "-", "/": folder })[word] ?? word);
      const input = Buffer.from(archive?.content ?? "", "base64");
      execFileSync(here[0] ?? "", here.slice(1), { input });
      for (const { path, mode, content } of files) {
        expect(readFileSync(join(folder, path), "utf8")).toBe(content);
        expect((statSync(join(folder, path)).mode & 0o7777).toString(8).padStart(4, "0")).toBe(mode);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test("has one user, without password", () => {
    expect(config.users).toHaveLength(1);
    expect(config.users[0]).toMatchObject({
      lock_passwd: true,
      ssh_authorized_keys: [credentials.authorizedKey],
    });
    expect(text).not.toMatch(/passwd: [^t]|plain_text|chpasswd/);
  });

  test("starts the unit without waiting, by argument lists", () => {
    expect(config.runcmd.at(-1)).toEqual(["systemctl", "start", "--no-block", "kube-lab.service"]);
  });
});

describe("network-config", () => {
  test("a machine has its one static address and its router, by MAC address", () => {
    const worker = firstOf(plan, "worker");
    expect(read(networkConfig(worker))).toMatchObject({
      version: 2,
      ethernets: {
        adapter1: {
          match: { macaddress: worker.adapters[0]?.mac },
          dhcp4: false,
          addresses: [`${worker.address}/24`],
          routes: [{ to: "0.0.0.0/0", via: plan.subnets.node.gateway }],
        },
      },
    });
  });

  test("the gateway has NAT's address and one in each subnet, and a router out of NAT only", () => {
    const config = read<{ ethernets: Record<string, { addresses: string[]; routes?: object[] }> }>(
      networkConfig(firstOf(plan, "gateway")),
    );
    const adapters = Object.values(config.ethernets);
    expect(adapters.map(({ addresses }) => addresses[0])).toEqual([
      "10.0.2.15/24",
      ...Object.values(plan.subnets).map(({ gateway }) => `${gateway}/24`),
    ]);
    expect(adapters.filter(({ routes }) => routes !== undefined)).toHaveLength(1);
  });

  test("on the LAN the gateway takes an address by DHCP and nothing else, or has its own", () => {
    const adapter6 = (bridged: object) => {
      const lab = exampleLab({ hostAccess: { mode: "bridged", adapter: "eth0", bridged } });
      return read<{ ethernets: Record<string, object> }>(networkConfig(firstOf(lab, "gateway"))).ethernets
        .adapter6;
    };
    expect(adapter6({})).toMatchObject({
      dhcp4: true,
      optional: true,
      "dhcp4-overrides": { "use-routes": false, "use-dns": false },
    });
    const own = adapter6({ address: "192.168.178.50/24" });
    expect(own).toMatchObject({ dhcp4: false, optional: true, addresses: ["192.168.178.50/24"] });
    expect(own).not.toHaveProperty("routes");
  });

  test("on the LAN another machine keeps its way out and its names, and has an address there besides", () => {
    const ethernets = (bridged: object) => {
      const lab = exampleLab({
        hostAccess: { mode: "bridged", adapter: "eth0", bridged: { machines: "all", ...bridged } },
      });
      return read<{ ethernets: Record<string, object> }>(networkConfig(firstOf(lab, "worker"))).ethernets;
    };
    const range = { from: "10.9.8.20", to: "10.9.8.40" };
    const own = ethernets({ address: "10.9.8.7/24", range });
    expect(own.adapter1).toMatchObject({ routes: [{ to: "0.0.0.0/0", via: "192.168.2.254" }] });
    expect(own.adapter2).toMatchObject({ dhcp4: false, optional: true, addresses: ["10.9.8.22/24"] });
    expect(own.adapter2).not.toHaveProperty("routes");
    expect(ethernets({}).adapter2).toMatchObject({
      dhcp4: true,
      optional: true,
      "dhcp4-overrides": { "use-routes": false, "use-dns": false },
    });
  });

  test("no interface is renamed", () => {
    expect(networkConfig(firstOf(plan, "gateway"))).not.toContain("set-name");
  });
});

test("meta-data names stack and machine", () => {
  expect(read(metaData(plan, firstOf(plan, "gateway")))).toEqual({
    "instance-id": "kube-lab-dev-gate-node01",
    "local-hostname": "gate-node01",
  });
});

test("a stable UUID is one, and follows from the words", () => {
  expect(stableUuid("a")).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(stableUuid("a")).toBe(stableUuid("a"));
  expect(stableUuid("a")).not.toBe(stableUuid("b"));
});
