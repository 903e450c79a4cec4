import { generateKeyPairSync } from "node:crypto";
import type { ObservedState } from "../../../hypervisor/reality/observation";
import type { OutputMachine } from "../../../lab/outputs";
import type { LabShell } from "../../../lab/shell";
import { redactor } from "../../../scripts/diagnose/redaction";
import type { LogEntry } from "../../../scripts/logs/entry";
import { journalCommand, journalEntry } from "../../../scripts/logs/journal";
import { labLogs } from "../../../scripts/logs/lab-logs";
import { inOrder } from "../../../scripts/logs/live";
import { merged } from "../../../scripts/logs/merge";
import { podEntry } from "../../../scripts/logs/pods";
import { entryRedactor } from "../../../scripts/logs/redaction";
import { jsonOf, textOf } from "../../../scripts/logs/text";

const entryAt = (time: number, machine = "a", message = String(time)): LogEntry => ({
  ...{ time, machine, unit: "kubelet", message },
});

async function* stream(machine: string, times: readonly number[], taken: string[] = []) {
  for (const time of times) {
    taken.push(`${machine}${time}`);
    yield entryAt(time, machine);
  }
}

async function all(entries: AsyncIterable<LogEntry>): Promise<string[]> {
  const found: string[] = [];
  for await (const { machine, time } of entries) found.push(`${machine}${time}`);
  return found;
}

describe("streams of the past", () => {
  it("are merged by time, those of the same time as they are listed", async () => {
    const streams = [stream("a", [1, 4, 4, 9]), stream("b", []), stream("c", [2, 4, 5])];
    expect(await all(merged(streams))).toEqual(["a1", "c2", "a4", "a4", "c4", "c5", "a9"]);
  });

  it("are read one entry ahead, and closed when nobody reads any more", async () => {
    const taken: string[] = [];
    let closed = 0;
    const endless = async function* (machine: string) {
      try {
        for (let time = 1; ; time++) yield* stream(machine, [time], taken);
      } finally {
        closed++;
      }
    };
    for await (const { time } of merged([endless("a"), endless("b")])) if (time === 3) break;
    expect(taken).toEqual(["a1", "b1", "a2", "b2", "a3", "b3"]);
    expect(closed).toBe(2);
  });
});

test("lines that come late are put where they belong while others are silent for ever", async () => {
  const ending = new AbortController();
  const silent: AsyncIterable<LogEntry> = {
    [Symbol.asyncIterator]: () => ({
      next: () =>
        new Promise((resolve) => {
          ending.signal.addEventListener("abort", () => resolve({ done: true, value: undefined }));
        }),
    }),
  };
  const late = (async function* () {
    yield entryAt(1, "b");
    await new Promise((resolve) => setTimeout(resolve, 20));
    yield entryAt(3, "b");
  })();
  const found: number[] = [];
  for await (const { time } of inOrder([stream("a", [2, 4, 5]), silent, late], ending.signal, 200)) {
    found.push(time);
    if (found.length === 5) ending.abort();
  }
  expect(found).toEqual([1, 2, 3, 4, 5]);
});

const machine = (name: string, role: OutputMachine["role"]): OutputMachine => ({
  ...{ name, role, address: "", hypervisorName: name },
});
const machines = [
  machine("gate-node01", "gateway"),
  machine("kube-mast01", "master"),
  machine("kube-node01", "worker"),
  machine("kube-node02", "worker"),
];
const second = 1_000_000;

/** Machines whose journal and pods' files say one line each, two seconds ago. */
function labThat(answers: { clockSeconds?: number; breaks?: string; silent?: string }) {
  const said: string[] = [];
  const asked: string[] = [];
  const shell: Pick<LabShell, "run" | "lines"> = {
    run: async (name) => {
      if (name === answers.silent) throw new Error("not reached: the way is closed");
      const ahead = name === "kube-node01" ? (answers.clockSeconds ?? 0) : 0;
      return { status: 0, stdout: `${Date.now() * 1000 + ahead * second}\n`, stderr: "" };
    },
    async *lines(name, command) {
      asked.push(`${name} ${command}`);
      if (name === answers.breaks) throw new Error("the connection was closed");
      const time = Date.now() * 1000 - 2 * second + (name === "kube-node01" ? 10 : 0);
      if (command.includes("journalctl"))
        yield JSON.stringify({
          __REALTIME_TIMESTAMP: String(time),
          _SYSTEMD_UNIT: "kubelet.service",
          MESSAGE: "m",
        });
      else yield `default_web_1/web/0.log\t${new Date(time / 1000).toISOString()} stdout F p`;
    },
  };
  const states = new Map<string, ObservedState>([["kube-node02", "stopped"]]);
  const ending = new AbortController().signal;
  const lab = { machines, states, shell, ending, say: (sentence: string) => said.push(sentence) };
  const question = {
    sinceMs: Date.now() - 600_000,
    follow: false,
    units: "usual" as const,
    pods: [],
    filters: [],
  };
  const read = async () => {
    const found: string[] = [];
    for await (const { machine: name, unit, pod } of labLogs(lab, question))
      found.push(`${name} ${pod ?? unit}`);
    return found.sort();
  };
  return { read, said, asked };
}

describe("a lab's logs", () => {
  it("are of every machine that runs, pods' of nodes alone; who is off is said", async () => {
    const { read, said, asked } = labThat({});
    expect(await read()).toEqual([
      "gate-node01 kubelet",
      "kube-mast01 default/web",
      "kube-mast01 kubelet",
      "kube-node01 default/web",
      "kube-node01 kubelet",
    ]);
    expect(said).toEqual([expect.stringMatching(/^kube-node02: it does not run/)]);
    expect(asked).toHaveLength(5);
  });

  it("go on without a machine that is silent, and one that is lost on the way", async () => {
    const { read, said } = labThat({ silent: "gate-node01", breaks: "kube-mast01" });
    expect(await read()).toEqual(["kube-node01 default/web", "kube-node01 kubelet"]);
    expect(said.join("\n")).toMatch(/gate-node01: not reached/);
    expect(said.join("\n")).toMatch(/kube-mast01: the connection was closed; lines of it are missing/);
  });

  it("say whose clock differs, and ask it for the same time by its own", async () => {
    const { read, said, asked } = labThat({ clockSeconds: -3600 });
    await read();
    expect(said.join("\n")).toMatch(/kube-node01: its clock is 3600 s behind this computer's/);
    const since = (name: string) =>
      Number(asked.find((line) => line.startsWith(`${name} sudo journalctl`))?.match(/since=@([\d.]+)/)?.[1]);
    expect(since("kube-mast01") - since("kube-node01")).toBeCloseTo(3600, 0);
  });
});

describe("a line of the journal", () => {
  const line = (fields: object) =>
    journalEntry("a", JSON.stringify({ __REALTIME_TIMESTAMP: "5", ...fields }));

  it.each([
    [{ _SYSTEMD_UNIT: "kubelet.service", MESSAGE: "x" }, "kubelet", "x"],
    [{ _SYSTEMD_UNIT: "init.scope", UNIT: "haproxy.service", MESSAGE: "Started" }, "haproxy", "Started"],
    [{ SYSLOG_IDENTIFIER: "kernel", MESSAGE: "oom" }, "kernel", "oom"],
    [{ _SYSTEMD_UNIT: "a.mount", MESSAGE: [195, 164] }, "a.mount", "ä"],
    [{ _SYSTEMD_UNIT: "a.service", MESSAGE: ["one", "two"] }, "a", "one\ntwo"],
    [{ _SYSTEMD_UNIT: "a.service", MESSAGE: null }, "a", ""],
  ])("%j is of %s", (fields, unit, message) =>
    expect(line(fields)).toEqual({ time: 5, machine: "a", unit, message }),
  );

  it("that was cut off is left out", () => expect(journalEntry("a", '{"MESSAGE":"x')).toBeUndefined());

  it("is asked for by units as given, with what systemd says of them", () => {
    expect(journalCommand({ since: 1_500_000, until: 3_000_000 }, ["kubelet", "a.timer", "kernel"])).toBe(
      "sudo journalctl '--quiet' '--no-pager' '--all' '--output=json' '--output-fields=MESSAGE,UNIT,_SYSTEMD_UNIT,SYSLOG_IDENTIFIER' '--since=@1.500000' '--until=@2.999999' '_SYSTEMD_UNIT=kubelet.service' '_SYSTEMD_UNIT=a.timer' '+' 'UNIT=kubelet.service' 'UNIT=a.timer' '+' '_TRANSPORT=kernel'",
    );
    expect(journalCommand({ since: 0 }, ["kernel"])).toMatch(/'--follow' '--no-tail' '_TRANSPORT=kernel'$/);
  });
});

test.each(["2026-11-27T03:47:32.123456789Z", "2026-11-27T04:47:32.123456+01:00"])(
  "a pod's line of %s",
  (time) =>
    expect(podEntry("a", `kube-system_coredns-x_uid/coredns/0.log\t${time} stderr F a b`)).toEqual({
      time: Date.parse("2026-11-27T03:47:32.123Z") * 1000 + 456,
      machine: "a",
      pod: "kube-system/coredns-x",
      container: "coredns",
      message: "a b",
    }),
);

test("nothing is left of a key that is logged line by line, and of others' lines everything", () => {
  const key = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({
    type: "sec1",
    format: "pem",
  });
  const redact = entryRedactor(redactor([]));
  const lines = String(key).trim().split("\n");
  const logged = lines.flatMap((line) => [redact(entryAt(1, "a", line)), redact(entryAt(1, "b", "plain"))]);
  const text = logged.map(({ message }) => message).join("\n");
  for (const line of lines.slice(1, -1)) expect(text).not.toContain(line);
  expect(text.match(/plain/g)).toHaveLength(lines.length);
  expect(redact(entryAt(1, "a", "after")).message).toBe("after");
});

describe("what is printed", () => {
  const style = { machines: ["a", "kube-node01"], colours: false, dated: false };
  const time = new Date(2026, 10, 27, 9, 8, 7).getTime() * 1000;

  it("is time, machine, source and message, each line of it", () => {
    expect(textOf(entryAt(time, "a", "one\n\ttwo\n"), style)).toBe(
      "09:08:07 a           kubelet one\n09:08:07 a           kubelet \ttwo\n",
    );
    expect(textOf(entryAt(time, "a", "x"), { ...style, dated: true })).toMatch(/^2026-11-27 09:08:07 a /);
  });

  it("has colours by machine where they are wanted, and what steers a terminal nowhere", () => {
    expect(textOf(entryAt(time, "a", "\x1b[31mred\x1b[0m\x07\r"), style)).toMatch(/kubelet red\n$/);
    const coloured = { ...style, colours: true };
    const [a, b] = [textOf(entryAt(time, "a"), coloured), textOf(entryAt(time, "kube-node01"), coloured)];
    expect(a.slice(0, 14)).not.toBe(b.slice(0, 14));
  });

  it("is JSON with the time in UTC, to the microsecond", () => {
    expect(
      JSON.parse(jsonOf({ time: 1_000_001, machine: "a", pod: "n/p", container: "c", message: "m" })),
    ).toEqual({
      ...{ time: "1970-01-01T00:00:01.000001Z", machine: "a", pod: "n/p", container: "c", message: "m" },
    });
  });
});
