import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { exampleLab, firstOf } from "./example-lab";
import { type WrittenMachine, writeMachine } from "./written-machine";

/** The command of a machine itself, with a role that notes what it is asked and services that are there. */
let machine: WrittenMachine;
const notes = () => machine.at("/notes");

beforeEach(() => {
  const plan = exampleLab();
  machine = writeMachine(plan, firstOf(plan, "worker"));
  const stubs = machine.at("/stubs");
  mkdirSync(stubs);
  for (const [name, script] of Object.entries({ systemctl: "", id: "echo 0" })) {
    writeFileSync(join(stubs, name), `#!/bin/bash\n${script}\n`);
    chmodSync(join(stubs, name), 0o755);
  }
  const role = ["step_aside", "leave", "converge"].map(
    (verb) => `role_${verb}() { echo ${verb} >>"${notes()}"; }`,
  );
  writeFileSync(machine.at("/usr/local/lib/kube-lab/worker.sh"), role.join("\n"));
  writeFileSync(
    machine.at("/usr/local/lib/kube-lab/base.sh"),
    "base_converge() { :; }\nbase_finish() { :; }\n",
  );
});

afterEach(() => machine.remove());

/** @returns what the role was asked meanwhile */
function kubeLab(...words: string[]): string[] {
  rmSync(notes(), { force: true });
  const environment = {
    ...process.env,
    PATH: [machine.at("/stubs"), process.env.PATH].join(delimiter),
    KUBE_LAB_ROOT: machine.root,
    KUBE_LAB_LIBRARY: machine.at("/usr/local/lib/kube-lab"),
  };
  const script = machine.at("/usr/local/sbin/kube-lab");
  const { status, stderr } = spawnSync("bash", [script, ...words], { encoding: "utf8", env: environment });
  expect({ words, status, stderr }).toEqual({ words, status: 0, stderr });
  return existsSync(notes()) ? readFileSync(notes(), "utf8").trim().split("\n") : [];
}

test("a machine that has left is not asked again, whatever cut the update off", () => {
  expect(kubeLab("step-aside")).toEqual(["step_aside"]);
  expect(kubeLab("leave", "--returning")).toEqual(["leave"]);
  expect(kubeLab("step-aside")).toEqual([]);
  expect(kubeLab("leave", "--returning")).toEqual([]);
});

test("a machine that comes back leaves again", () => {
  kubeLab("leave");
  expect(kubeLab("converge")).toEqual(["converge"]);
  expect(kubeLab("step-aside")).toEqual(["step_aside"]);
  expect(kubeLab("leave")).toEqual(["leave"]);
});
