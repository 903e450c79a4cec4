import { SpecificationError } from "../driver/errors";
import { type GuestAccess, parseGuestAccess } from "../guest/guest-access";
import type { OwnArchive } from "./own-archives";
import type { ImageGoal } from "./survey";

/** For standard input of `images ensure|absent`: the way in, whose peers are the machines, and what is to be on each. Secret as a whole. */
export interface ImageDelivery extends GuestAccess {
  archives: OwnArchive[];
  /** SHA-256 of the archives that are to be on a machine, in their order, by its name. */
  wanted: Record<string, string[]>;
}

/** @throws SpecificationError for anything else. */
export function parseImageDelivery(text: string): { access: GuestAccess; goals: ImageGoal[] } {
  const access = parseGuestAccess(text);
  if (access === undefined) throw new SpecificationError(["standard input is empty: needed is the access"]);
  const { archives, wanted } = JSON.parse(text) as Partial<ImageDelivery>;
  if (!Array.isArray(archives) || typeof wanted !== "object")
    throw new SpecificationError(["standard input is not what is needed: archives or wanted is missing"]);
  return { access, goals: goalsOf(access, archives, wanted) };
}

function goalsOf(
  { peers }: GuestAccess,
  archives: OwnArchive[],
  wanted: Record<string, string[]>,
): ImageGoal[] {
  return peers.map((guest) => ({
    guest,
    archives: archives.filter(({ sha256 }) => wanted[guest.name]?.includes(sha256)),
  }));
}
