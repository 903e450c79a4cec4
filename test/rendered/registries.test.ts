import { statSync } from "node:fs";
import { registryFiles } from "../../cloud-init/kubernetes/registries";
import { type Outside, plainOutside } from "../../plan/outside";
import { exampleLab, firstOf } from "./example-lab";
import { testWith } from "./tool";
import { type WrittenMachine, writeMachine } from "./written-machine";

const login = { username: "alice", password: 'p@SS@"\\word' };
const registry = { mirrors: [], insecure: false };
const outside: Outside = {
  authorities: ["-----BEGIN CERTIFICATE-----\nhouse\n-----END CERTIFICATE-----\n"],
  registries: [
    {
      ...registry,
      host: "docker.io",
      mirrors: ["https://mirror.example:5000", "https://harbor.example/v2/hub"],
      login,
    },
    { ...registry, host: "mirror.example:5000", certificates: "PEM", login },
    { ...registry, host: "old.example:5000", insecure: true },
  ],
};
const files = new Map(registryFiles(outside).map((file) => [file.path, file]));
const hosts = (host: string) => files.get(`/etc/containerd/certs.d/${host}/hosts.toml`)?.content;

test("mirrors come first, by what is known of their hosts, then the registry", () => {
  expect(hosts("docker.io")).toBe(`server = "https://registry-1.docker.io"

[host."https://mirror.example:5000"]
  capabilities = ["pull", "resolve"]
  ca = "/etc/containerd/certs.d/mirror.example:5000/authority.crt"

[host."https://harbor.example/v2/hub"]
  capabilities = ["pull", "resolve"]
  override_path = true

[host."https://registry-1.docker.io"]
`);
});

test("an insecure registry is asked by TLS without trust, then without TLS", () => {
  expect(hosts("old.example:5000")).toBe(`server = "http://old.example:5000"
skip_verify = true

[host."https://old.example:5000"]
  skip_verify = true

[host."http://old.example:5000"]
  skip_verify = true
`);
});

test("only containerd's own configuration has logins, and only root reads it", () => {
  const holders = [...files.values()].filter(({ content }) => /alice|word/.test(content));
  expect(holders.map(({ path, mode }) => [path, mode])).toEqual([
    ["/usr/local/lib/kube-lab/containerd.toml", "0600"],
  ]);
});

test("a lab that sets nothing has the template as it is", () => {
  const [template, ...others] = registryFiles(plainOutside);
  expect(others).toEqual([]);
  expect(template?.content).not.toContain("registry");
  expect(template?.mode).toBe("0644");
});

describe("a worker", () => {
  const plan = exampleLab();
  let worker: WrittenMachine;
  beforeEach(() => {
    worker = writeMachine(plan, firstOf(plan, "worker"), outside);
  });
  afterEach(() => worker.remove());

  const quiet = `systemctl() { echo "$*"; }; sandbox_image() { echo pause; }; wait_until() { :; }`;
  const config = "/etc/containerd/config.toml";

  testWith("python3")("containerd's configuration is TOML with each login as it was given", () => {
    worker.run("node_runtime", quiet);
    expect(statSync(worker.at(config)).mode & 0o777).toBe(0o600);
    const script = `import tomllib, json; print(json.dumps(tomllib.load(open("${worker.at(config)}", "rb"))["plugins"]["io.containerd.grpc.v1.cri"]["registry"]))`;
    const { words } = worker.run(`python3 -c '${script}'`);
    expect(JSON.parse(words)).toEqual({
      config_path: "/etc/containerd/certs.d",
      configs: { "registry-1.docker.io": { auth: login }, "mirror.example:5000": { auth: login } },
    });
  });

  test("containerd restarts for another configuration alone, and after a pass that was cut off before it did", () => {
    const restarts = () => worker.run("node_runtime", quiet).words.includes("restart containerd.service");
    expect([restarts(), restarts()]).toEqual([true, false]);
    worker.run(`echo other >"$STATE/containerd"`);
    expect([restarts(), restarts()]).toEqual([true, false]);
  });

  test("authorities are trusted once, and forgotten when they are gone", () => {
    const before = `. "$LIBRARY/base.sh"; update-ca-certificates() { echo updated; echo updated >>"$ROOT/calls"; }`;
    const calls = () =>
      worker
        .run('base_authorities; cat "$ROOT/calls" 2>/dev/null | wc -l', before)
        .words.trim()
        .split("\n")
        .at(-1);
    expect([calls(), calls()]).toEqual(["1", "1"]);
    worker.run('rm "$ROOT"/usr/local/share/ca-certificates/kube-lab-*.crt');
    expect([calls(), calls()]).toEqual(["2", "2"]);
  });
});
