import { readFileSync, writeFileSync } from "node:fs";
import { exampleLab, firstOf } from "./example-lab";
import { expectAccepted, testWith } from "./tool";
import { writeMachine } from "./written-machine";

const plan = exampleLab();
const master = writeMachine(plan, firstOf(plan, "master"));
afterAll(master.remove);

const units = master.files.filter(({ path }) => path.endsWith(".service")).map(({ path }) => path);

testWith("systemd-analyze").each(units)("systemd-analyze verify accepts %s", (unit) => {
  const path = master.at(unit);
  // The programs are the machine's, not this computer's.
  writeFileSync(path, readFileSync(path, "utf8").replace(/^(Exec\w+)=\S+/gm, "$1=/bin/true"));
  const words = expectAccepted("systemd-analyze", ["verify", "--man=no", path]);
  expect(words).not.toContain(unit.split("/").pop());
});
