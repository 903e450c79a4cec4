import { setTimeout as delay } from "node:timers/promises";
import { command } from "../../../supply/engine/plugins/command/provider";
import { isUnknown, type PropertyMap, secret, unknown } from "../../../supply/engine/plugins/protocol/value";
import { onPosix } from "../../systems";
import { recordingContext } from "./engine-call-context";

const local = command.resources.get("command:local:Command");
if (local === undefined) throw new Error("no local command");

const node = ["node", "-e"];

async function create(inputs: PropertyMap, recording = recordingContext()) {
  return local?.create(inputs, false, recording.context);
}

function update(oldOutputs: PropertyMap, inputs: PropertyMap, preview = false) {
  const { create: made, stdout: _out, stderr: _err, ...rest } = oldOutputs;
  const oldInputs = { ...rest, ...(made !== undefined && { create: made }) };
  return local?.update({ oldInputs, oldOutputs, inputs, preview }, recordingContext().context);
}

test("create runs the command with input and environment, and keeps what it prints", async () => {
  const recording = recordingContext("urn:pulumi:dev::lab::lab:index:Lab$command:local:Command::seed");
  const inputs = {
    create:
      "process.stdin.on('data', (d) => console.log(process.env.NAME, String(d))); console.error('warned')",
    interpreter: node,
    environment: { NAME: "kube" },
    stdin: secret("lab"),
  };
  const made = await create(inputs, recording);
  expect(made?.id).toMatch(/^seed[0-9a-f]{8}$/);
  expect(made?.outputs).toEqual({ ...inputs, stdout: "kube lab", stderr: "warned" });
  expect(recording.statuses.sort()).toEqual(["kube lab", "warned"]);
});

test("without create nothing runs", async () => {
  expect((await create({ delete: "exit 1" }))?.outputs).toEqual({ delete: "exit 1", stdout: "", stderr: "" });
});

test.each([
  ["stdout", ["out"]],
  ["stderr", ["err"]],
  ["none", []],
  ["stdoutAndStderr", ["err", "out"]],
])("logging %s", async (logging, lines) => {
  const recording = recordingContext();
  const made = await create(
    { create: "console.log('out'); console.error('err')", interpreter: node, logging },
    recording,
  );
  expect(recording.statuses.sort()).toEqual(lines);
  expect(made?.outputs).toMatchObject({ stdout: "out", stderr: "err" });
});

onPosix("a shell is the interpreter by default, and one newline at the end goes", async () => {
  expect((await create({ create: "printf 'a\\n\\n'" }))?.outputs.stdout).toBe("a\n");
});

test("a failing command says its status, itself and all it printed", async () => {
  const failing = create({
    create: "console.log('out'); console.error('err'); process.exitCode = 7",
    interpreter: node,
  });
  await expect(failing).rejects.toThrow(/^exit status 7: running "console\.log.*":\n(out\nerr|err\nout)\n$/s);
  await expect(create({ create: "x", interpreter: ["/no/such/program"] })).rejects.toThrow(
    /\/no\/such\/program/,
  );
});

onPosix("a command that a signal ends says which", async () => {
  await expect(create({ create: "kill -9 $$" })).rejects.toThrow(/^signal: SIGKILL/);
});

test("a secret on standard input doesn't show in the failure", async () => {
  const failing = create({ create: "process.exit(1)", interpreter: node, stdin: secret("hush") });
  await expect(failing).rejects.toThrow(
    expect.objectContaining({ message: expect.not.stringContaining("hush") }),
  );
});

test("update runs update, else create, and knows what was printed before", async () => {
  const print = "process.stdout.write('now ' + process.env.PULUMI_COMMAND_STDOUT)";
  const made = await create({ create: "process.stdout.write('first')", interpreter: node });
  const outputs = made?.outputs ?? {};
  expect((await update(outputs, { create: print, interpreter: node }))?.stdout).toBe("now first");
  expect((await update(outputs, { create: "x", update: print, interpreter: node }))?.stdout).toBe(
    "now first",
  );
  const alone = { create: print, interpreter: node, addPreviousOutputInEnv: false };
  expect((await update(outputs, alone))?.stdout).toBe("now undefined");
  expect((await update(outputs, { delete: "x" }))?.stdout).toBe("first");
});

test("delete runs with the inputs in the state", async () => {
  const state = {
    delete: "process.exit(process.env.PULUMI_COMMAND_STDERR === 'old' ? 0 : 1)",
    interpreter: node,
    stdout: "",
    stderr: "old",
  };
  await expect(local?.delete(state, recordingContext().context)).resolves.toBeUndefined();
  await expect(local?.delete({ ...state, stderr: "" }, recordingContext().context)).rejects.toThrow(
    "exit status 1",
  );
});

test("a preview runs nothing and knows no output that may change", async () => {
  const inputs = { create: "process.exit(1)", interpreter: node, environment: { A: unknown } };
  const made = await local?.create(inputs, true, recordingContext().context);
  expect(made?.outputs).toMatchObject(inputs);
  expect([made?.outputs.stdout, made?.outputs.stderr].every(isUnknown)).toBe(true);
  const state = { create: "a", stdout: "x", stderr: "" };
  expect((await update(state, { create: "a" }, true))?.stdout).toBe("x");
  expect(isUnknown((await update(state, { create: "b" }, true))?.stdout)).toBe(true);
});

onPosix("cancelling ends the command and what it has started", async () => {
  const recording = recordingContext();
  const running = create({ create: "sleep 60 & echo $!; wait" }, recording);
  const failed = expect(running).rejects.toThrow(/^signal: SIGTERM/);
  while (recording.statuses.length === 0) await delay(10);
  const child = Number(recording.statuses[0]);
  expect(process.kill(child, 0)).toBe(true);
  recording.cancel();
  await failed;
  const deadline = Date.now() + 5000;
  const alive = () => {
    try {
      return process.kill(child, 0);
    } catch {
      return false;
    }
  };
  while (alive() && Date.now() < deadline) await delay(20);
  expect(alive()).toBe(false);
});

test("triggers as a whole replace, any other change updates", () => {
  const before = { create: "a", environment: { CPUS: "2" }, triggers: ["x"] };
  const diff = (inputs: PropertyMap) => {
    const { changes, replaces, changed } = local?.diff({ oldInputs: before, oldOutputs: {}, inputs }) ?? {};
    return { changes: Object.fromEntries(changes ?? []), replaces, changed };
  };
  expect(diff(before)).toEqual({ changes: {}, replaces: [], changed: false });
  expect(diff({ ...before, environment: { CPUS: "4" } })).toEqual({
    changes: { "environment.CPUS": { change: "update", replace: false } },
    replaces: [],
    changed: true,
  });
  const { triggers: _, ...without } = before;
  expect(diff(without).replaces).toEqual(["triggers"]);
  // Of single elements the SDK's replaceOnChanges takes care, as with the real plugin.
  expect(diff({ ...before, triggers: ["y"] })).toMatchObject({ replaces: [], changed: true });
});

test("inputs are checked", () => {
  const properties = (inputs: PropertyMap) => local?.check(inputs).failures.map(({ property }) => property);
  expect(
    properties({
      create: "a",
      stdin: secret("b"),
      environment: { A: secret("c") },
      triggers: [1, { a: null }],
    }),
  ).toEqual([]);
  expect(properties({ create: unknown, environment: unknown, interpreter: ["node", unknown] })).toEqual([]);
  expect(properties({ creat: "a", logging: "all", environment: { A: 1 }, interpreter: "node" })).toEqual([
    "creat",
    "logging",
    "environment",
    "interpreter",
  ]);
  expect(local?.check({ assetPaths: ["*"] }).failures[0]?.reason).toContain(
    "pulumi plugin install resource command v1.2.1",
  );
});
