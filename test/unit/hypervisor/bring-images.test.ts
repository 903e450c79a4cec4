import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { text } from "node:stream/consumers";
import { bringImages, removeImages } from "../../../hypervisor/containers/bring-images";
import type { OwnArchive } from "../../../hypervisor/containers/own-archives";
import type { AskGuest, GuestAnswer } from "../../../hypervisor/guest/guest-shell";
import { onLinux } from "../../systems";
import { scratch } from "./fixtures";
import { dockerArchive, written } from "./image-archives";

const { folder, remove } = scratch();
afterAll(remove);

const guests = ["kube-node01", "kube-node02"].map((name) => ({
  ...{ name, address: "192.168.2.10", hostKey: "ssh-ed25519 AAAA" },
}));
const shop: OwnArchive = {
  ...{ sha256: "5a", on: "workers", bytes: 3072, neededBytes: 6144 },
  file: written(folder, "shop.tar", dockerArchive(["shop:1"])),
  images: [{ name: "docker.io/library/shop:1" }],
};
const goals = guests.map((guest) => ({ guest, archives: [shop] }));
const answer = (output = "", status = 0): GuestAnswer => ({
  reached: true,
  status,
  output,
  lastWords: output,
});

/** What was sent where, after `what free 100000` of each machine that has no answer of its own. */
async function bring(surveys: Record<string, GuestAnswer> = {}, take = answer()) {
  const sent: string[] = [];
  const ready = jest.fn(async () => undefined);
  const ask: AskGuest = async ({ name }, command, _, { input } = {}) => {
    const [, verb = "", words = ""] = /kube-lab-load (\w+) ?(.*)$/.exec(command) ?? [];
    if (verb === "survey") return surveys[name] ?? answer("free 100000\n");
    sent.push(`${name} ${verb} ${words} ${input === undefined ? "" : (await text(input)).length}`.trim());
    return take;
  };
  const means = { ask, host: { project: process.cwd() }, logFor: () => () => undefined };
  const patience = { boundSeconds: 0, pauseSeconds: 0 };
  const failure = await bringImages(goals, { ...means, patience }, ready).then(
    () => undefined,
    (error: Error) => error.message,
  );
  return { sent, failure, isReady: ready.mock.calls.length > 0, means: { ...means, patience } };
}

const size = readFileSync(shop.file).length;

test("every machine that lacks an image gets its archive whole", async () => {
  const { sent, failure } = await bring({
    "kube-node02": answer("free 0\nhas 5a docker.io/library/shop:1\n"),
  });
  expect(failure).toBeUndefined();
  expect(sent).toEqual([`kube-node01 take 5a docker.io/library/shop:1 ${size}`]);
});

test("one without room keeps all from being touched, and is named", async () => {
  const { sent, failure, isReady } = await bring({ "kube-node02": answer("free 1000\n") });
  expect(failure).toMatch(/kube-node02: 1 MiB are free/);
  expect(sent).toEqual([]);
  expect(isReady).toBe(false);
});

test("one that does not answer is named when the others have theirs", async () => {
  const { sent, failure, isReady } = await bring({
    "kube-node01": { reached: false, reason: "No route to host" },
  });
  expect(failure).toMatch(/kube-node01: does not answer by SSH: No route to host/);
  expect(sent).toEqual([`kube-node02 take 5a docker.io/library/shop:1 ${size}`]);
  expect(isReady).toBe(true);
});

test("an import that fails says why and where", async () => {
  const { failure } = await bring({}, answer("is the disk full?", 1));
  expect(failure).toMatch(/kube-node01: is the disk full\?\n.*kube-node02: is the disk full\?/);
});

test("what is not wanted any more goes", async () => {
  const { sent } = await bring({
    "kube-node01": answer("free 100000\nhas 5a docker.io/library/shop:1\nhas 6b old:1\n"),
  });
  expect(sent).toContain("kube-node01 forget old:1");
});

test("all of a person's own goes where nothing is wanted; who is silent keeps his", async () => {
  const { means } = await bring();
  const asked: string[] = [];
  const ask: AskGuest = async ({ name }, command) => {
    if (name === "kube-node02") return { reached: false, reason: "No route to host" };
    if (command.endsWith("survey")) return answer("has 5a docker.io/library/shop:1\n");
    asked.push(command.replace(/.*kube-lab-load/, name));
    return answer();
  };
  await removeImages(guests, { ...means, ask });
  expect(asked).toEqual(["kube-node01 forget docker.io/library/shop:1"]);
});

/** containerd's images as files of a folder: a name's is its digest. An import brings one by its own name and one by its digest. */
const MACHINE = `
sync() { :; }
ctr() {
  local store=$ROOT/images
  case "$4" in
    import) cat >"$ROOT/imported"; echo sha256:aa >"$store/docker.io%library%shop:1"; echo sha256:bb >"$store/kube-lab.invalid%import@sha256:bb" ;;
    tag) cp "$store/\${6//\\//%}" "$store/\${7//\\//%}" ;;
    label) [ -e "$store/\${5//\\//%}" ] && printf '%s\\n' "$*" >>"$ROOT/labels" ;;
    rm) rm "$store/\${5//\\//%}" ;;
    ls) for file in "$store"/*; do [ -e "$file" ] || continue; name=\${file##*/}; name=\${name//%//}
        if [ "\${5:-}" = --quiet ]; then echo "$name"; else echo "$name type $(cat "$file")"; fi; done ;;
  esac
}
export -f sync ctr
`;

describe("on a machine", () => {
  const root = path.join(folder, "machine");
  const script = "cloud-init/kubernetes/load.sh";
  const onMachine = (verb: string, words: string[] = [], input = "") => {
    const result = spawnSync("bash", ["-c", `${MACHINE}\nbash ${script} ${verb} ${words.join(" ")}`], {
      encoding: "utf8",
      input,
      env: { ...process.env, ROOT: root },
    });
    if (result.status !== 0) throw new Error(result.stderr);
    return result.stdout;
  };
  beforeAll(() => {
    for (const name of ["images", "var/lib/containerd"])
      mkdirSync(path.join(root, name), { recursive: true });
    writeFileSync(path.join(root, "images", "registry.k8s.io%pause:3"), "sha256:cc\n");
  });

  onLinux("an archive is taken in, pinned and noted, by names and by digests", () => {
    expect(onMachine("survey")).toMatch(/^free \d+\n$/);
    onMachine("take", ["5a", "docker.io/library/shop:1", "docker.io/team/store:2=sha256:bb"], "the archive");
    expect(readFileSync(path.join(root, "imported"), "utf8")).toBe("the archive");
    const labels = readFileSync(path.join(root, "labels"), "utf8").trim().split("\n");
    expect(labels).toEqual([
      expect.stringMatching(/label docker.io\/library\/shop:1 .*pinned=pinned$/),
      expect.stringMatching(/label docker.io\/team\/store:2 .*pinned=pinned$/),
    ]);
    expect(onMachine("survey").split("\n").slice(1)).toEqual([
      "has 5a docker.io/library/shop:1",
      "has 5a docker.io/team/store:2",
      "",
    ]);
    expect(existsSync(path.join(root, "images", "kube-lab.invalid%import@sha256:bb"))).toBe(false);
  });

  onLinux("an image that is another by now is no more what was given", () => {
    writeFileSync(path.join(root, "images", "docker.io%library%shop:1"), "sha256:dd\n");
    expect(onMachine("survey")).toContain("lost 5a docker.io/library/shop:1");
  });

  onLinux("what is forgotten is gone, with containerd's own entry of it, and nothing else", () => {
    writeFileSync(path.join(root, "images", "sha256:99"), "sha256:bb\n");
    onMachine("forget", ["docker.io/team/store:2", "docker.io/library/gone:1"]);
    expect(onMachine("survey").split("\n").slice(1)).toEqual(["lost 5a docker.io/library/shop:1", ""]);
    const left = spawnSync("ls", [path.join(root, "images")], { encoding: "utf8" })
      .stdout.trim()
      .split("\n");
    expect(left.sort()).toEqual(["docker.io%library%shop:1", "registry.k8s.io%pause:3"]);
  });
});
