import type { LabMachine } from "../../hypervisor/machine/lab-power";
import type { LabShell } from "../../lab/shell";
import { logFor, waitFor } from "../../lib/progress";

const BOUND_SECONDS = 120;

/**
 * Gives machines whose clock stood still the host's time, and lets their time service start over: by itself it would correct
 * hours of difference by fractions of a second.
 */
export async function setClocks(
  shell: Pick<LabShell, "run">,
  machines: readonly Pick<LabMachine, "name">[],
): Promise<void> {
  // All to their end: one that goes on after the shell was closed would open it again.
  const ends = await Promise.allSettled(
    machines.map(({ name }) =>
      waitFor(
        {
          log: logFor(name),
          what: "for SSH to set its clock",
          boundSeconds: BOUND_SECONDS,
          remedy: `Set it by hand: sudo systemctl restart chrony on ${name}.`,
        },
        async () => {
          const now = `@${Math.round(Date.now() / 1000)}`;
          const command = `sudo date --utc --set=${now} && sudo systemctl try-restart chrony.service`;
          const result = await shell.run(name, command, { timeoutMs: 10_000 }).catch(() => undefined);
          return result?.status === 0 ? true : undefined;
        },
      ),
    ),
  );
  for (const end of ends) if (end.status === "rejected") throw end.reason;
}
