import type { Check } from "./check";
import { mark } from "./status-text";
import type { LabLook } from "./watcher";

/** One line of what went on: a change between two looks, or an event of Kubernetes. */
export interface Happening {
  /** The same for another word about the same thing, which takes its place. */
  id: string;
  /** ISO 8601. */
  time: string;
  source: "lab" | "Kubernetes";
  severity: "normal" | "good" | "bad";
  subject: string;
  text: string;
}

/** What is different in the later of two looks. */
export function changesBetween(before: LabLook, after: LabLook): Happening[] {
  const time = after.time.toISOString();
  const happening = (subject: string, text: string, severity: Happening["severity"]): Happening => ({
    id: `${time} ${subject}`,
    time,
    source: "lab",
    severity,
    subject,
    text,
  });
  const lab = `stack ${after.plan.stack}`;
  if (after.problem !== undefined) {
    return after.problem === before.problem ? [] : [happening(lab, after.problem, "bad")];
  }
  if (before.problem !== undefined) return [happening(lab, "there is a lab to look at", "good")];
  const earlier = new Map(before.checks.map((check) => [identity(check), check]));
  const now = new Set(after.checks.map(identity));
  return [
    ...after.checks.flatMap((check) => {
      const old = earlier.get(identity(check));
      if (old !== undefined && mark(old) === mark(check) && says(old) === says(check)) return [];
      const severity =
        check.unknown || (old && mark(old) === mark(check)) ? "normal" : check.healthy ? "good" : "bad";
      return [happening(identity(check), says(check), severity)];
    }),
    ...before.checks
      .filter((check) => !now.has(identity(check)))
      .map((check) => happening(identity(check), "is gone", "normal")),
  ];
}

/** The virtual IP stays the same thing whoever holds it; the certificates' check names whichever expires first. */
function identity({ kind, name }: Check): string {
  return kind === "virtual IP" || kind === "certificate" ? kind : `${kind} ${name}`;
}

/** A certificate's remaining days are no news. */
function says({ kind, name, detail }: Check): string {
  if (kind === "certificate") return name;
  return kind === "virtual IP" ? `${name} ${detail}` : detail;
}
