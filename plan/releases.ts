import type { LabPlan } from "./lab-plan";
import { flannelRelease } from "./versions";

/** What masters and workers run, release by component: `{ Kubernetes: "1.36.3", flannel: "0.28.4", storage: "0.0.30" }`. */
export type Releases = Readonly<Record<string, string>>;

/** Of Kubernetes, its pod network and the add-ons that are on; all else follows from these. */
export function releasesOf({ kubernetes, addons }: LabPlan): Releases {
  const on = Object.entries(addons).filter(([, { enabled }]) => enabled);
  return {
    Kubernetes: kubernetes.version,
    flannel: flannelRelease,
    ...Object.fromEntries(on.map(([name, { version }]) => [name, version])),
  };
}

/** `Kubernetes 1.36.3, flannel 0.28.4, storage 0.0.30` */
export function releasesText(releases: Releases): string {
  return Object.entries(releases)
    .map(([name, release]) => `${name} ${release}`)
    .join(", ");
}

/** The reverse of releasesText; what is no such pair is left out. */
export function parseReleases(text: string): Releases {
  return Object.fromEntries(
    text.split(", ").flatMap((item) => {
      const [name, release] = item.split(" ");
      return name && release ? [[name, release]] : [];
    }),
  );
}

/** Whether a machine has all that is wanted, and in these releases. */
export function covers(installed: Releases, wanted: Releases): boolean {
  return Object.entries(wanted).every(([name, release]) => installed[name] === release);
}
