import { withArchive, withoutNames } from "../../../hypervisor/containers/loaded-images";
import {
  inForce,
  lackedBy,
  type NotedImage,
  neededFor,
  type OwnArchive,
  unwantedOn,
} from "../../../hypervisor/containers/own-archives";
import { obstacles, surveyed } from "../../../hypervisor/containers/survey";

const archive = (sha256: string, names: string[], on: OwnArchive["on"] = "workers"): OwnArchive => ({
  ...{ sha256, file: `${sha256}.tar`, on, bytes: 100, neededBytes: 300 },
  images: names.map((name) => ({ name })),
});
const noted = (sha256: string, name: string, isThere = true): NotedImage => ({
  archive: sha256,
  name,
  isThere,
});
const shas = (archives: readonly OwnArchive[]) => archives.map(({ sha256 }) => sha256);

const [one, two, both] = [archive("1", ["a"]), archive("2", ["b"]), archive("3", ["a", "c"])];

test("a name that two archives bring is the later one's", () => {
  expect(inForce([one, two, both]).map(({ own }) => own.map(({ name }) => name))).toEqual([
    [],
    ["b"],
    ["a", "c"],
  ]);
});

test.each<[string, OwnArchive[], NotedImage[], string[]]>([
  ["nothing yet lacks all", [one, two], [], ["1", "2"]],
  ["all of it lacks nothing", [one, two], [noted("1", "a"), noted("2", "b")], []],
  [
    "an image that was removed by hand lacks that",
    [one, two],
    [noted("1", "a", false), noted("2", "b")],
    ["1"],
  ],
  ["the name of an earlier archive lacks the later", [one, both], [noted("1", "a"), noted("3", "c")], ["3"]],
  [
    "nothing of an archive that is overruled whole does not lack it",
    [one, both],
    [noted("3", "a"), noted("3", "c")],
    [],
  ],
  [
    "all but an earlier one, which brings a later one's name again, lacks both",
    [both, one],
    [noted("1", "a")],
    ["3", "1"],
  ],
])("a machine that has %s", (_, wanted, has, lacked) => expect(shas(lackedBy(wanted, has))).toEqual(lacked));

test("what a machine was given and is not to have any more goes, and nothing else", () => {
  expect(unwantedOn([one], [noted("1", "a"), noted("2", "b"), noted("2", "d", false)])).toEqual(["b", "d"]);
});

test("space is needed for what stays of each, and for the largest while it is unpacked", () => {
  expect(neededFor([one, { ...two, neededBytes: 700 }])).toBe(100 + 100 + 600);
  expect(neededFor([])).toBe(0);
});

test("an archive that is loaded again takes the place of those whose names it brings", () => {
  const loaded = [one, two];
  expect(shas(withArchive(loaded, both, []))).toEqual(["2", "3"]);
  expect(shas(withArchive([both, two], one, []))).toEqual(["3", "2", "1"]);
  expect(shas(withArchive(loaded, one, []))).toEqual(["2", "1"]);
});

test("a name that masters have stays theirs, too, when it is loaded again", () => {
  expect(withArchive([archive("0", ["a"], "nodes")], one, []).at(-1)?.on).toBe("nodes");
  expect(withArchive([], one, [archive("0", ["a"], "nodes")]).at(-1)?.on).toBe("nodes");
  expect(withArchive([], one, [archive("0", ["b"], "nodes")]).at(-1)?.on).toBe("workers");
});

test("an archive stays as long as one of its names does", () => {
  const left = withoutNames([one, both], ["a"]);
  expect(left.map(({ sha256, images }) => [sha256, images])).toEqual([["3", [{ name: "c" }]]]);
});

describe("before anything is sent", () => {
  const guest = { name: "kube-node01", address: "192.168.2.10", hostKey: "ssh-ed25519 AAAA" };
  const survey = (text: string) => surveyed({ guest, archives: [one, two] }, text);

  test("a machine without room for what it lacks is named, with what is free", () => {
    expect(obstacles(survey("free 300\n"))).toEqual([expect.stringMatching(/^kube-node01: 1 MiB are free/)]);
    expect(obstacles(survey("free 300\nhas 1 a\n"))).toEqual([]);
    expect(obstacles(survey("what the login shell says\n"))).toEqual([]);
  });

  test("an image of the lab's own is not replaced", () => {
    expect(obstacles(survey("free 9999\nlab a\nlab z\n"))).toEqual([
      expect.stringContaining("a is an image of the lab's own"),
    ]);
  });
});
