import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { delivery } from "../../cloud-init/delivery";
import { guestFiles } from "../../cloud-init/guest-files";
import { metaData } from "../../cloud-init/meta-data";
import { networkConfig } from "../../cloud-init/network-config";
import { userData } from "../../cloud-init/user-data";
import { exampleCredentials } from "./example-credentials";
import { allRoles, exampleLab, firstOf } from "./example-lab";
import { expectAccepted, testWith } from "./tool";

const plan = exampleLab();
const folder = mkdtempSync(join(tmpdir(), "kube-lab-seed-"));
afterAll(() => rmSync(folder, { recursive: true }));

describe.each(allRoles)("seed of %s", (role) => {
  const machine = firstOf(plan, role);
  const credentials = exampleCredentials(plan, machine);
  const path = (name: string) => join(folder, `${machine.name}-${name}`);

  testWith("cloud-init")("user-data fits cloud-init's schema", () => {
    const files = guestFiles(plan, machine, credentials);
    writeFileSync(path("user-data"), userData(plan, machine, delivery(files), credentials), { mode: 0o600 });
    const words = expectAccepted("cloud-init", ["schema", "--config-file", path("user-data")]);
    expect(words).toContain("Valid");
    expect(words).not.toMatch(/deprecat/i);
  });

  // Its schema command knows user-data alone (network-config since 24.1): the renderer is asked itself.
  testWith("cloud-init")("network-config is taken by cloud-init's networkd renderer", () => {
    writeFileSync(path("network-config"), networkConfig(machine));
    writeFileSync(path("meta-data"), metaData(plan, machine));
    const output = path("rendered");
    expectAccepted("cloud-init", [
      ...["devel", "net-convert", "--network-data", path("network-config"), "--kind", "yaml"],
      ...["--directory", output, "--distro", "debian", "--output-kind", "networkd"],
    ]);
  });
});
