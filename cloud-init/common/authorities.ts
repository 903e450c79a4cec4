import { sha256Of } from "../../lib/checksum";
import type { Outside } from "../../plan/outside";
import type { GuestFile } from "../guest-file";

/** Where update-ca-certificates looks, one certificate a file; named by content, so that another one is another file. */
export function trustedAuthorityFiles({ authorities }: Outside): GuestFile[] {
  return [...new Set(authorities)].map((content) => ({
    path: `/usr/local/share/ca-certificates/kube-lab-${sha256Of(content).slice(0, 12)}.crt`,
    mode: "0644",
    content,
  }));
}
