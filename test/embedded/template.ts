import { join } from "node:path";
import { ensureTestImage } from "./image";
import type { Program } from "./program";

/** The machine `image` with the snapshot `base`, which guests are linked clones of. */
export async function createTemplate({ folder, must }: Program): Promise<void> {
  const disk = join(folder, "image.vdi");
  await must("convertfromraw", ensureTestImage(), disk, "--format", "VDI");
  await must("createvm", "--name", "image", "--ostype", "Debian_64", "--register");
  await must("storagectl", "image", "--name", "SATA", "--add", "sata", "--portcount", "4");
  await must(
    ...["storageattach", "image", "--storagectl", "SATA", "--port", "0", "--type", "hdd"],
    ...["--medium", disk],
  );
  await must("snapshot", "image", "take", "base");
}
