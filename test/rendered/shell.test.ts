import { copyFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { sourceFolder } from "../../cloud-init/real-file";
import { allRoles, exampleLab, firstOf } from "./example-lab";
import { expectAccepted, testWith } from "./tool";
import { writeMachine } from "./written-machine";

const plan = exampleLab();

describe.each(allRoles)("shell scripts of %s", (role) => {
  const written = writeMachine(plan, firstOf(plan, role));
  afterAll(written.remove);
  // shellcheck looks for its settings in the folders above a script.
  copyFileSync(join(sourceFolder(), ".shellcheckrc"), written.at(".shellcheckrc"));
  const scripts = written.files
    .filter(({ path, content }) => path.endsWith(".sh") || content.startsWith("#!/bin/"))
    .map(({ path }) => path);

  testWith("shellcheck").each(scripts)("%s passes shellcheck", (path) => {
    expectAccepted("shellcheck", [written.at(path)]);
  });

  test("the environment file is plain assignments", () => {
    expectAccepted("sh", ["-n", written.at("/etc/kube-lab/environment")]);
    for (const line of written.read("/etc/kube-lab/environment").trimEnd().split("\n")) {
      expect(line).toMatch(/^[A-Z_]+='[^']*'$/);
    }
  });
});

testWith("shellcheck").each(["enter.sh", "both-commands.sh"])(
  "a fresh computer's %s passes shellcheck",
  (name) => {
    expectAccepted("shellcheck", [join(sourceFolder(), "..", "scripts", "test-fresh", name)]);
  },
);

testWith("shellcheck")("what a load runs on machines passes shellcheck", () => {
  expectAccepted("shellcheck", [join(sourceFolder(), "kubernetes", "load.sh")]);
});

testWith("shellcheck")("what a diagnosis runs on machines passes shellcheck", () => {
  expectAccepted("shellcheck", [join(sourceFolder(), "..", "scripts", "diagnose", "collect.sh")]);
});

const builder = join(sourceFolder(), "..", "supply", "base");
const builderScripts = readdirSync(builder, { recursive: true, encoding: "utf8" }).filter((name) =>
  name.endsWith(".sh"),
);

testWith("shellcheck").each(builderScripts)("what builds the base disk passes shellcheck: %s", (name) => {
  expectAccepted("shellcheck", ["--external-sources", "--source-path=SCRIPTDIR", join(builder, name)]);
});
