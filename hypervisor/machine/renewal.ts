import { RemedyError } from "../../lib/remedy-error";
import { inspect } from "../driver/inspect";
import type { VBoxManage } from "../driver/vboxmanage";
import { machineFolder, readRecord, writeRecord } from "./record";

/**
 * Writes down that machines are to be recreated by the next update, or, without a time, that those which still wait for it are not.
 * @param time the wish's token: `2026-11-21T04:33:10Z`
 * @throws RemedyError where one has never come up; nothing is written then.
 */
export async function wishRenewal(
  vbox: VBoxManage,
  machines: readonly string[],
  time: string | undefined,
): Promise<void> {
  const found = await Promise.all(
    machines.map(async (machine) => {
      const info = await inspect(vbox, machine);
      const record = info && (await readRecord(info));
      return { machine, folder: info && machineFolder(info), record };
    }),
  );
  const strange = found.filter(({ record }) => record === undefined).map(({ machine }) => machine);
  if (time !== undefined && strange.length > 0)
    throw new RemedyError(
      `${strange.join(", ")} cannot be recreated: no update has brought it up yet.`,
      "Bring the lab up first: npm run up.",
    );
  for (const { folder, record } of found) {
    if (folder === undefined || record === undefined) continue;
    const { renew: _, ...rest } = record;
    await writeRecord(folder, time === undefined ? rest : { ...rest, renew: time });
  }
}
