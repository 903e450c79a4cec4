import { existsSync, statSync, writeFileSync } from "node:fs";
import { load } from "js-yaml";
import { preparationSeed } from "../../hypervisor/image/preparation";
import { thisHost } from "../../lib/host";
import { exampleLab, firstOf } from "./example-lab";
import { type WrittenMachine, writeMachine } from "./written-machine";

const url = "http://alice:p%40ss@proxy.example:3128";
const plan = exampleLab({ proxy: { https: url, noProxy: ["house.example", "10.9.0.0/16"] } });
const exceptions =
  "localhost,127.0.0.0/8,::1,192.168.1.0/24,192.168.2.0/24,192.168.3.0/24,192.168.4.0/24,10.244.0.0/16,10.96.0.0/12,.kube.local,.cluster.local,.svc,house.example,10.9.0.0/16";

describe("a worker behind a proxy", () => {
  let worker: WrittenMachine;
  beforeEach(() => {
    worker = writeMachine(plan, firstOf(plan, "worker"));
  });
  afterEach(() => worker.remove());

  const mode = (path: string) => statSync(worker.at(path)).mode & 0o777;
  const sessions = () => worker.read("/etc/environment");

  test("has it for units, sessions and apt, for root alone where a login is in it", () => {
    const variables = `HTTPS_PROXY='${url}'\nhttps_proxy='${url}'\nNO_PROXY='${exceptions}'\nno_proxy='${exceptions}'\n`;
    expect(worker.read("/etc/kube-lab/proxy.env")).toBe(variables);
    expect(worker.read("/etc/apt/apt.conf.d/90-kube-lab-proxy")).toBe(
      `Acquire::https::Proxy "${url}";\nAcquire::https::Proxy::localhost "DIRECT";\nAcquire::https::Proxy::house.example "DIRECT";\n`,
    );
    worker.run("base_proxy", '. "$LIBRARY/base.sh"');
    expect(sessions()).toBe(`# kube-lab: proxy\n${variables}# kube-lab: end\n`);
    for (const path of [
      "/etc/kube-lab/proxy.env",
      "/etc/apt/apt.conf.d/90-kube-lab-proxy",
      "/etc/environment",
    ])
      expect([path, mode(path)]).toEqual([path, 0o600]);
  });

  test("keeps what is there for sessions, and has the file as it was when the proxy is gone", () => {
    const own = 'PATH="/usr/bin:/bin"\n';
    writeFileSync(worker.at("/etc/environment"), own);
    for (const _ of [1, 2]) worker.run("base_proxy", '. "$LIBRARY/base.sh"');
    expect(sessions().startsWith(`${own}# kube-lab: proxy\n`)).toBe(true);
    expect(sessions().match(/kube-lab: proxy/g)).toHaveLength(1);
    worker.run('rm "$ETC/proxy.env"; base_proxy', '. "$LIBRARY/base.sh"');
    expect([sessions(), mode("/etc/environment")]).toEqual([own, 0o644]);
  });

  test("its containerd restarts once for it, and once when it is gone", () => {
    const quiet = `systemctl() { echo "$*"; }; sandbox_image() { echo pause; }; wait_until() { :; }`;
    const restarts = () => worker.run("node_runtime", quiet).words.includes("restart containerd.service");
    expect([restarts(), restarts()]).toEqual([true, false]);
    worker.run('rm "$ETC/proxy.env"');
    expect([restarts(), restarts()]).toEqual([true, false]);
  });

  test("the lab's own scripts do not go by it", () => {
    process.env.https_proxy = url;
    try {
      expect(worker.run("env").words).not.toContain(url);
    } finally {
      delete process.env.https_proxy;
    }
  });
});

test("a lab without a proxy has nothing of one", () => {
  const plain = exampleLab();
  const worker = writeMachine(plain, firstOf(plain, "worker"));
  try {
    worker.run("base_proxy", '. "$LIBRARY/base.sh"');
    expect(
      worker.files.filter(({ path }) => path.includes("proxy.env") || path.includes("kube-lab-proxy")),
    ).toEqual([]);
    expect(existsSync(worker.at("/etc/environment"))).toBe(false);
  } finally {
    worker.remove();
  }
});

test("an image is prepared by the proxy that set-up goes by", async () => {
  const files = async (environment: NodeJS.ProcessEnv) => {
    const { userData } = await preparationSeed(thisHost().project, "image", environment);
    const { write_files: written } = load(userData) as { write_files: { path: string; content: string }[] };
    return written.filter(({ path }) => path.endsWith("/proxy.sh")).map(({ content }) => content);
  };
  expect(await files({ https_proxy: url })).toEqual([`export https_proxy='${url}'\n`]);
  expect(await files({})).toEqual([]);
});
