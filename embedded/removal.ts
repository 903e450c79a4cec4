import { withLock } from "./locks";
import { loadMachines } from "./machine/registry";
import type { Place } from "./place";
import { loadMedia } from "./storage/medium";
import { isStoreMounted, removeStore } from "./storage/store";

/** With the last machine and the last disk the store goes too; what is left is an empty folder. */
export async function removeWhenEmpty(place: Place): Promise<void> {
  await withLock(place, "registry", async () => {
    const hasDisks = loadMedia(place).some((medium) => medium.kind === "disk");
    if (hasDisks || loadMachines(place).length > 0 || !isStoreMounted(place)) return;
    await removeStore(place);
  });
}
