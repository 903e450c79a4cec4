import { readdirSync } from "node:fs";
import { withPlaceLock } from "./locks";
import { inaccessibleMachines, loadMachines } from "./machine/registry";
import type { Place } from "./place";
import { loadMedia } from "./storage/medium";
import { isStoreMounted, removeStore } from "./storage/store";

/**
 * With the last machine and the last disk the store goes too; what is left is an empty folder. A disk that was closed and not
 * deleted is known to nobody but by its file: as long as the store holds one, it stays.
 */
export async function removeWhenEmpty(place: Place): Promise<void> {
  await withPlaceLock(place, "registry", async () => {
    const hasDisks = loadMedia(place).some((medium) => medium.kind === "disk");
    const hasMachines = loadMachines(place).length + inaccessibleMachines(place).length > 0;
    if (hasDisks || hasMachines || !isStoreMounted(place)) return;
    if (readdirSync(place.store).length > 0) return;
    await removeStore(place);
  });
}
