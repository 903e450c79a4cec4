import { spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
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
    cloud_init_modules: [string, string][];
  }>(text);

  test("is a #cloud-config that brings the files, and what unpacks them, at each boot until the machine has converged", () => {
    expect(text.split("\n", 1)).toEqual(["#cloud-config"]);
    expect(config.write_files.map(({ path }) => path)).toEqual([
      "/var/lib/kube-lab/delivery.tar.gz",
      "/var/lib/kube-lab/unpack",
    ]);
    expect(config.write_files.map(({ permissions }) => permissions)).toEqual(["0600", "0700"]);
    expect(config.runcmd).toEqual([["/var/lib/kube-lab/unpack"]]);
    for (const name of ["write_files", "set_hostname", "users_groups", "runcmd", "scripts_user"])
      expect(config.cloud_init_modules).toContainEqual([name, "always"]);
    // What lies there does not outlive a power cut.
    expect(config.write_files.filter(({ path }) => path.startsWith("/run"))).toEqual([]);
  });

  /** One boot of a machine below a folder: what cloud-init writes, then what it runs. */
  function boot(root: string, path = process.env.PATH ?? "") {
    for (const { path, permissions, encoding, content } of config.write_files) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), Buffer.from(content, encoding === "b64" ? "base64" : "utf8"));
      chmodSync(join(root, path), Number.parseInt(permissions, 8));
    }
    const stubs = join(root, "stubs");
    mkdirSync(stubs, { recursive: true });
    writeFileSync(join(stubs, "systemctl"), '#!/bin/sh\necho "$*" >>"$KUBE_LAB_ROOT/calls"\n', {
      mode: 0o755,
    });
    return spawnSync(join(root, config.runcmd[0]?.[0] ?? ""), {
      encoding: "utf8",
      env: { KUBE_LAB_ROOT: root, PATH: `${stubs}:${path}` },
    });
  }

  function expectFiles(root: string): void {
    for (const { path, mode, content } of files) {
      expect(readFileSync(join(root, path), "utf8")).toBe(content);
      expect((statSync(join(root, path)).mode & 0o7777).toString(8).padStart(4, "0")).toBe(mode);
    }
    expect(readFileSync(join(root, "calls"), "utf8")).toContain("start --no-block kube-lab.service\n");
    expect(existsSync(join(root, "var/lib/kube-lab/delivery.tar.gz"))).toBe(false);
  }

  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "kube-lab-first-boot-"));
  });
  afterEach(() => rmSync(root, { recursive: true }));

  onLinux("carries every file to the letter, enables the unit and starts it without waiting", () => {
    expect(boot(root)).toMatchObject({ status: 0, stderr: "" });
    expectFiles(root);
    expect(readlinkSync(join(root, "etc/systemd/system/multi-user.target.wants/kube-lab.service"))).toBe(
      "/etc/systemd/system/kube-lab.service",
    );
  });

  onLinux("is made good at the next boot when the first is cut off while it unpacks", () => {
    const stubs = join(root, "cut");
    mkdirSync(stubs);
    // Half of the files, and the power is gone.
    const half = files.slice(0, files.length / 2).map(({ path }) => path.slice(1));
    writeFileSync(
      join(stubs, "tar"),
      `#!/bin/sh\nPATH=/usr/bin:/bin tar --extract --gzip --file "$KUBE_LAB_ROOT/var/lib/kube-lab/delivery.tar.gz" --directory "$KUBE_LAB_ROOT/" ${half.join(" ")}\nkill -9 $PPID\n`,
      { mode: 0o755 },
    );
    expect(boot(root, `${stubs}:${process.env.PATH ?? ""}`).signal).toBe("SIGKILL");
    expect(existsSync(join(root, "calls"))).toBe(false);
    expect(boot(root)).toMatchObject({ status: 0, stderr: "" });
    expectFiles(root);
  });

  onLinux("leaves at a later boot what a later delivery has written", () => {
    boot(root);
    writeFileSync(join(root, "etc/kube-lab/digest"), "a later one\n");
    expect(boot(root).status).toBe(0);
    expect(readFileSync(join(root, "etc/kube-lab/digest"), "utf8")).toBe("a later one\n");
  });

  test("has one user, without password", () => {
    expect(config.users).toHaveLength(1);
    expect(config.users[0]).toMatchObject({
      lock_passwd: true,
      ssh_authorized_keys: [credentials.authorizedKey],
    });
    expect(text).not.toMatch(/passwd: [^t]|plain_text|chpasswd/);
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
