import { freeGiB } from "../../lib/free-space";
import { RemedyError } from "../../lib/remedy-error";

/**
 * Refuses to begin tests that would fill a disk half-way.
 * @param places folders that are written to
 * @param wantedGiB free space that they need
 * @throws RemedyError that names the folder
 */
export function requireRoom(places: readonly string[], wantedGiB: number, freeAt = freeGiB): void {
  for (const place of places) {
    const free = freeAt(place);
    if (free === undefined || free >= wantedGiB) continue;
    throw new RemedyError(
      `${place} has ${free} GiB free, and these tests need ${wantedGiB} GiB.`,
      "What can go: npm run prune",
    );
  }
}
