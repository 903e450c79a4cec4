import { problemsIn } from "../../../hypervisor/preflight/finding";
import { preflight } from "../../../hypervisor/preflight/preflight";
import { availableOfVmStat } from "../../../hypervisor/preflight/probes";
import { referencePlan } from "./fixtures";
import { probesOf, recordedComputers } from "./recorded-computer";

const plan = referencePlan({ hypervisor: "virtualbox" });

describe("what stands in the way, and its fix", () => {
  it.each(recordedComputers())("%s", async (_name, computer) => {
    const found = problemsIn(await preflight(plan, probesOf(computer)));
    const seen = found.map(({ severity, check, found, fix }) => [severity, check, found, fix]);
    expect(seen).toEqual(
      computer.expected.map(([severity, check, text, fix]) => [
        severity,
        check,
        expect.stringContaining(text),
        expect.stringContaining(fix),
      ]),
    );
  });
});

it("says of every computer that is fine what it looked at", async () => {
  const names = new Set<string>();
  for (const [, computer] of recordedComputers().filter(([, { expected }]) => expected.length === 0))
    for (const { check } of await preflight(plan, probesOf(computer))) names.add(check);
  for (const check of ["VBoxManage", "version", "kernel driver", "KVM", "Hyper-V", "processor", "ISO tool"])
    expect(names).toContain(check);
  for (const check of ["memory", "disk", "port 18080", "machine names", "clock"])
    expect(names).toContain(check);
});

it("counts what macOS can give away as free memory", () => {
  const text = `Mach Virtual Memory Statistics: (page size of 16384 bytes)
Pages free:                               65536.
Pages active:                            400000.
Pages inactive:                          131072.
Pages speculative:                         6400.
Pages throttled:                              0.
Pages wired down:                        190000.
Pages purgeable:                           6400.
"Translation faults":                 123456789.
`;
  expect(availableOfVmStat(text)).toBe(1024 + 2048 + 100 + 100);
  expect(availableOfVmStat("vm_stat: not found")).toBeUndefined();
});
