import { z } from "zod";

/** What a backup is of, no secret; cloud-init/kubernetes/backup.sh writes it. */
const about = z.object({
  stack: z.string(),
  /** When the snapshot was taken, ISO 8601. */
  time: z.string(),
  /** The master that gave it. */
  by: z.string(),
  /** Whether it was one of a majority: else others may have written what it has never heard of. */
  majority: z.boolean(),
  /** Kubernetes' release. */
  kubernetes: z.string(),
  /** Fingerprint of etcd's authority: the lab whose data it is. */
  authority: z.string(),
  masters: z.array(z.object({ name: z.string(), address: z.string() })),
  /** Of `etcdutl snapshot status`. */
  snapshot: z.object({ hash: z.number(), revision: z.number(), totalKey: z.number(), totalSize: z.number() }),
});

export type About = z.infer<typeof about>;

/** @throws Error for what no master has written. */
export function readAbout(json: string): About {
  const read = about.safeParse(JSON.parse(json));
  if (read.success) return read.data;
  throw new Error(`the backup does not say what it is of: ${z.prettifyError(read.error)}`);
}

/** `stack dev, revision 4711, 812 keys, 3.4 MiB, of kube-mast01 at 2026-11-26T08:40:00Z` */
export function described({ stack, time, by, majority, snapshot }: About): string {
  const size = (snapshot.totalSize / 2 ** 20).toFixed(1);
  const text = `stack ${stack}, revision ${snapshot.revision}, ${snapshot.totalKey} keys, ${size} MiB, of ${by} at ${time}`;
  return majority ? text : `${text}, which was without a majority: what others wrote meanwhile is not in it`;
}
