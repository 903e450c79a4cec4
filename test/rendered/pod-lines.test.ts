import { spawn } from "node:child_process";
import { appendFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { gzipSync } from "node:zlib";
import { expectAccepted, testWith, toolEnvironment } from "./tool";

const script = join(__dirname, "../../scripts/logs/pod-lines.py");
const epoch = (time: string) => Date.parse(time) * 1000;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "kube-lab-pods-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function write(path: string, lines: string[]): string {
  const file = join(folder, path);
  mkdirSync(dirname(file), { recursive: true });
  const text = lines.map((line) => `${line}\n`).join("");
  writeFileSync(file, path.endsWith(".gz") ? gzipSync(text) : text);
  return file;
}

const at = (time: string, rest: string) => `2026-11-27T03:00:${time}Z ${rest}`;

/** Messages of the lines that it prints, each behind the file's pod. */
function printed(options: object): string[] {
  const environment = { PODS_FOLDER: folder, TZ: "UTC" };
  const text = expectAccepted("python3", ["-B", script, JSON.stringify(options)], environment);
  return text.split("\n").filter(Boolean).map(short);
}

const short = (line: string) => line.replace(/^([^_]+_[^_]+)_.*? std(?:out|err) F /s, "$1 ");

const everything = { since: 0, until: epoch("2027-01-01T00:00:00Z") };

testWith("python3")("lines of all files come in order of time, rotated and compressed ones too", () => {
  write("n_a_1/c/0.log.20261127-030001.gz", [at("01.5", "stdout F 1"), at("02", "stdout F 2")]);
  write("n_a_1/c/0.log", [at("04.10", "stdout F 4"), at("06.123456789", "stderr F 6")]);
  write("n_b_2/c/0.log", [at("03", "stdout F 3"), at("04.2", "stdout F 5"), "no line of CRI's"]);
  expect(printed(everything)).toEqual(["n_a 1", "n_a 2", "n_b 3", "n_a 4", "n_b 5", "n_a 6"]);
  const from = { since: epoch("2026-11-27T03:00:03Z"), until: epoch("2026-11-27T03:00:06Z") };
  expect(printed(from)).toEqual(["n_b 3", "n_a 4", "n_b 5"]);
  expect(printed({ ...everything, pods: ["n_b"] })).toEqual(["n_b 3", "n_b 5"]);
});

testWith("python3")("a line in parts is put together, by stream, and one without its end is not lost", () => {
  write("n_a_1/c/0.log", [
    at("01", "stdout P one "),
    at("02", "stderr F other"),
    at("03", "stdout P two "),
    at("04", "stdout F three"),
    at("05", "stderr P the last wor"),
  ]);
  expect(printed(everything)).toEqual(["n_a other", "n_a one two three", "n_a the last wor"]);
});

testWith("python3")("who goes on sees what is written, also behind a rotation and half a line", async () => {
  const file = write("n_a_1/c/0.log", [at("01", "stdout F 1")]);
  const child = spawn("python3", ["-B", script, JSON.stringify({ since: 0 })], {
    env: { ...toolEnvironment(), PODS_FOLDER: folder, TZ: "UTC" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => short((await lines.next()).value ?? "");
  try {
    expect(await next()).toBe("n_a 1");
    appendFileSync(file, at("02", "stdout F tw"));
    await new Promise((resolve) => setTimeout(resolve, 700));
    appendFileSync(file, "o\n");
    expect(await next()).toBe("n_a two");
    appendFileSync(file, `${at("03", "stdout F 3")}\n`);
    renameSync(file, `${file}.20261127-030003`);
    write("n_a_1/c/0.log", [at("04", "stdout F 4")]);
    write("n_b_2/c/0.log", [at("05", "stdout F 5")]);
    expect([await next(), await next(), await next()]).toEqual(["n_a 3", "n_a 4", "n_b 5"]);
    const ended = new Promise((resolve) => child.on("close", resolve));
    // Nobody reads any more, and nothing more is written.
    child.stdout.destroy();
    expect(await ended).toBe(0);
  } finally {
    child.kill();
  }
});
