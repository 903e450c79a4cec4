import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { machine, nodeDoes, wanted, writeNode } from "./release-node";
import { testWith } from "./tool";

afterEach(() => machine.remove());

describe("images that are wanted and not there", () => {
  const archive = (name: string, image: string) => {
    const folder = machine.at("/run/kube-lab/bundle/images");
    writeFileSync(join(folder, "manifest.json"), JSON.stringify([{ RepoTags: [image] }]));
    execFileSync("tar", ["-cf", join(folder, name), "-C", folder, "manifest.json"]);
  };
  const listed = () =>
    readFileSync(machine.at("/usr/local/share/kube-lab/images.txt"), "utf8").trim().split("\n");
  const imported = (calls: string[]) => calls.filter((call) => call.startsWith("ctr images import"));

  beforeEach(() => {
    writeNode("worker", wanted);
    archive("flannel.tar", "ghcr.io/flannel-io/flannel:v0.28.4");
    archive("kube-proxy.tar", `registry.k8s.io/kube-proxy:v${wanted}`);
    archive("traefik.tar", "docker.io/library/traefik:v3.6.12");
    writeFileSync(
      machine.at("/usr/local/share/kube-lab/images.txt"),
      `ghcr.io/flannel-io/flannel:v0.28.4\nregistry.k8s.io/kube-proxy:v${wanted}\n`,
    );
  });

  testWith("jq")("come from the volume, those alone, pinned and listed", () => {
    const { status, calls } = nodeDoes("IMAGES='docker.io/library/traefik:v3.6.12'; node_bundle");
    expect(status).toBe(0);
    expect(imported(calls)).toEqual([expect.stringMatching(/traefik\.tar$/)]);
    expect(listed()).toHaveLength(3);
    expect(imported(nodeDoes("IMAGES='docker.io/library/traefik:v3.6.12'; node_bundle").calls)).toEqual([]);
  });

  testWith("jq")("are not listed when their import was cut short", () => {
    const call = "IMAGES='docker.io/library/traefik:v3.6.12'; node_bundle";
    const { status, output } = nodeDoes(call, { IMPORT_FAILS: "traefik.tar" });
    expect(status).not.toBe(0);
    expect(output).toContain("traefik.tar could not be imported");
    expect(listed()).toHaveLength(2);
    expect(nodeDoes(call).status).toBe(0);
  });

  testWith("jq")("are named where the volume does not have them, or no volume is there", () => {
    for (const setting of ["", "volume_mounted() { return 1; }; "]) {
      const { status, output } = nodeDoes(`${setting}IMAGES='r.example/other:v1'; node_bundle`);
      expect(status).toBe(0);
      expect(output).toContain("not in the bundle: r.example/other:v1");
    }
  });

  testWith("jq")("are waited for where there is no node without them", () => {
    const call = "IMAGES='registry.k8s.io/kube-proxy:v1.36.9'; node_bundle";
    const lacking = nodeDoes(call);
    expect(lacking.status).not.toBe(0);
    expect(lacking.output).toContain("has no registry.k8s.io/kube-proxy:v1.36.9");
    const without = nodeDoes(`mount_volume() { fail "waited for it"; }; ${call}`);
    expect(without.output).toContain("waited for it");
  });
});
